"""Cheap classifiers of frozen features, and intervals of their accuracy."""
