"""The local platform: GLM's protocol on loopback, with a small real model behind it."""
