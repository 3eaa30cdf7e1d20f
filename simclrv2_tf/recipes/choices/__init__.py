"""What short runs choose, and pretraining that is watched."""
