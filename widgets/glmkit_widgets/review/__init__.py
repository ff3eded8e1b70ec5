"""Looks through extracted values, each beside the page that it stands on."""
