"""One call: from its request to the settled row in the ledger."""
