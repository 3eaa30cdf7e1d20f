"""The benchmarks, one module each; see tools/benchmark.py."""
