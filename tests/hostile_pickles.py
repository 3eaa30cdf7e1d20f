"""What a hostile file would carry: code that runs as it is read."""


class WritesAFile:
    """Makes an empty file as soon as it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")
