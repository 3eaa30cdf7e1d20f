"""Data sets looked through, and written anew for fast reading."""
