"""Parts that several widgets use."""
