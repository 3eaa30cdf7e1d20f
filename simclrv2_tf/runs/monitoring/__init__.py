"""Whether a run learns, and the time that its operations take."""
