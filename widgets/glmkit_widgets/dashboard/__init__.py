"""The token dashboard."""
