"""What a job came to: its table, its notes, its progress."""
