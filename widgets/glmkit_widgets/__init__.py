"""The widgets of glmkit: one Python class, ES module and style sheet each."""
