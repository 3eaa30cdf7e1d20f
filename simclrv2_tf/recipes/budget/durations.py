"""Durations in words."""


def duration(seconds: float) -> str:
    """Seconds in words: "2 h 05 min", "3 min 20 s", "7 s"."""
    seconds = round(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    if seconds >= 60:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds} s"
