"""`--mode=probe`: how good features are, on few labels and on many."""
