"""Which images to label next, near-duplicates, outliers, doubtful labels."""
