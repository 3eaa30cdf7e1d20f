"""Tables as the text of CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table with its header; lines end in "\\n".

    Args:
      columns: Their names.
      rows: Cells in the order of the columns; None is an empty one.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def csv_of_records(records: Sequence[Mapping[str, Any]]) -> str:
    """A table of dictionaries, one a row.

    Args:
      records: At least one, all with the keys of the first, the columns.
    """
    columns = list(records[0])
    return csv_text(columns, ([one[key] for key in columns] for one in records))
