"""Files as texts that know their pages, and the quotes and numbers in them."""
