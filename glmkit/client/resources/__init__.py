"""The endpoints of the service: what each sends, and how it reads the reply."""
