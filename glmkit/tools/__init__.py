"""Functions and types for a model: schemas, tool loops and the sandbox."""
