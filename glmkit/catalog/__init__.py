"""Model cards, prices, token counts and what a model can do."""
