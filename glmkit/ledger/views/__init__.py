"""Ledger rows as DataFrames, budgets and exports."""
