"""A trained network for others: its files, a model card, and where they go."""
