"""The order of a call, from request to settled ledger row."""
