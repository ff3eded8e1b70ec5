"""Files, full-text index and vectors of the platform."""
