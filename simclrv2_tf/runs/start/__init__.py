"""What a run starts from: other networks, and their numbers of classes."""
