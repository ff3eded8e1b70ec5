"""Clients, conversations and every endpoint of the API."""
