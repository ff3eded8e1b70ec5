"""GLM in a notebook: what a cell says, what it shows, and who wires the two."""
