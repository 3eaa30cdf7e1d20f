"""An output that is a terminal."""

import io


class Terminal(io.StringIO):
    def isatty(self):
        return True
