"""Requests in, errors out: access, keys, settings and background jobs."""
