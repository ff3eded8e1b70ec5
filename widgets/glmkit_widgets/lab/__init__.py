"""A prompt tried over a table of inputs."""
