"""What suits these data on this machine, and the three stages as one job."""
