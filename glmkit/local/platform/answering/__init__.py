"""Answers of the platform: request checks, generation, and the service's JSON."""
