"""The peer's side of tools/benchmark.py peers, in an environment of its own."""
