"""CSV tables, written and read as users do."""

import csv


def rows_of(path):
    """The rows of a table, dictionaries."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write_names(path, names):
    """A table of the column `file`; its path."""
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([["file"], *([name] for name in names)])
    return str(path)
