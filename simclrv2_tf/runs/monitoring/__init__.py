"""Whether a run learns, and what its time goes to."""
