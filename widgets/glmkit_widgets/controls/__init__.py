"""Controls for model, temperature and the other options."""
