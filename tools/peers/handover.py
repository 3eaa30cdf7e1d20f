"""What a run of the peer leaves to ours: a file and an exit code."""

FEATURES = "features.npz"  # arrays "known" and "asked"
PREEMPTED = 42  # it was asked to stop; the same command goes on
