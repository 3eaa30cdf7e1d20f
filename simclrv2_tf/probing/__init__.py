"""Cheap classifiers of frozen features, and how far to trust what they say."""
