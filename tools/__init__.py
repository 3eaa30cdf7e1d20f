"""Scripts; the work is in the package."""
