"""The networks: residual backbone, projection head, supervised head."""
