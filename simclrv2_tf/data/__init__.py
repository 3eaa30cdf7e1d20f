"""From what users have to batches of images in [0, 1]."""
