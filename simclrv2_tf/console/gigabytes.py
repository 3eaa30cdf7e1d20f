"""Sizes of memory in words."""


def gigabytes(size: float) -> str:
    """Bytes in words: "1.5 GB", and two digits of less: "0.0012 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e9:.2g} GB"
