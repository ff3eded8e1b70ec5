"""Endpoints, folders and keys."""
