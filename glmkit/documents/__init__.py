"""Asks about documents, with a page and a quote for each statement."""
