"""How much of a window a prompt takes."""
