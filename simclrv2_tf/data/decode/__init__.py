"""Encoded images to pixels, inside the graph where TensorFlow can."""
