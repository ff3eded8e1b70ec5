"""Columns of live answers."""
