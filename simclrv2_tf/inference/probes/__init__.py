"""`--mode=probe`: what features are worth, on few labels and on many."""
