"""What temperature does to the next token."""
