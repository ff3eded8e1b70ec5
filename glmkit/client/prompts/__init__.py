"""Prompts made of files, media and Python values."""
