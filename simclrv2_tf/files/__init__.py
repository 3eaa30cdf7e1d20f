"""Files and what goes wrong with them, wherever they are."""
