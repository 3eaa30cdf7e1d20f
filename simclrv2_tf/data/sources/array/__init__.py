"""Arrays of images: NumPy files and tf.data."""
