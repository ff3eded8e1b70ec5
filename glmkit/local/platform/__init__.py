"""A server that speaks GLM's protocol on loopback, for a stand-in model."""
