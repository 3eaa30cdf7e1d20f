"""What happens around the steps: progress, health, checkpoints, stops."""
