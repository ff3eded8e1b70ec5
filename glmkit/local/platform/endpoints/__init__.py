"""One module for each endpoint of the platform."""
