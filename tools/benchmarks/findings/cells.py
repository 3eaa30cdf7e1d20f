"""What is measured: a cell for each figure, in the order that they are made."""

from __future__ import annotations

from typing import NamedTuple

SMALL, MIDDLE, BIG = WIDTHS = (0.125, 0.25, 0.5)
HEAD, OTHER_HEAD = 3, 2  # layers; the first is that of all networks
DRAWS = 3
ALL = 0  # labels: all of them, of which there is one draw
FINE_TUNED, LINEAR, STUDENT = "fine-tuned", "linear", "student"
ALONE, EQ_2, EQ_3 = LOSSES = ("labels alone", "eq. 2", "eq. 3")
TEMPERATURES = (1.0, 0.1)
FINDINGS = (1, 2, 3)


class Cell(NamedTuple):
    """A figure of the tables: the mean of several draws.

    Attributes:
      way: "fine-tuned", "linear" or "student".
      width: Width multiplier of the network that is judged.
      labels: Labels of each class, 0 for all.
      head: Layers of the projection head that it was pretrained with; 0 for
        a student.
      layer: Of that head, from which it is fine-tuned; 0 the features.
      loss: Of a student: "labels alone", "eq. 2" or "eq. 3".
      temperature: Of its distillation; 0 without one.
    """

    way: str
    width: float
    labels: int
    head: int = 0
    layer: int = 0
    loss: str = ""
    temperature: float = 0.0

    @property
    def draws(self) -> int:
        return DRAWS if self.labels else 1


def fine_tuned(width, labels, head=HEAD, layer=1):
    return Cell(FINE_TUNED, width, labels, head, layer)


def linear(width, labels):
    return Cell(LINEAR, width, labels, HEAD)


def teacher(labels):
    """The one that students of so many labels have."""
    return fine_tuned(MIDDLE, labels)


def student(width, labels, loss, temperature=0.0):
    return Cell(STUDENT, width, labels, loss=loss, temperature=temperature)


def all_cells(counts):
    """The whole list; what belongs together and takes least comes first.

    The small and the middle network with few labels, then distillation into
    the small one, the layers of the head, all labels, the other students, and
    the big network, which takes more than all before.

    Args:
      counts: Labels of each class, the fewest first, `ALL` last; students
        have the first two.
    """
    few, many = counts[:2], counts[2:]
    pair = (SMALL, MIDDLE)
    cells = [linear(width, count) for width in pair for count in counts]
    cells += [fine_tuned(width, n) for width in pair for n in few]
    cells += [c for n in few for c in _students(SMALL, n, TEMPERATURES[:1])]
    cells += [c for n in few for c in _layers(n)]
    cells += [c for n in many for c in _layers(n)]
    cells += [fine_tuned(SMALL, n) for n in many]
    cells += [c for n in few for c in _students(SMALL, n, TEMPERATURES)]
    cells += [c for n in few for c in _students(MIDDLE, n, TEMPERATURES)]
    cells += [linear(BIG, n) for n in counts]
    cells += [fine_tuned(BIG, n) for n in counts]
    return list(dict.fromkeys(cells))


def _students(width, labels, temperatures):
    yield student(width, labels, ALONE)
    for temperature in temperatures:
        for loss in (EQ_2, EQ_3):
            yield student(width, labels, loss, temperature)


def _layers(labels):
    """The middle network, fine-tuned from each layer of each head."""
    for head in (HEAD, OTHER_HEAD):
        for layer in range(head):
            yield fine_tuned(MIDDLE, labels, head, layer)


def belongs(cell, finding, few=()):
    """Whether a finding is about a cell.

    Args:
      cell: A `Cell`.
      finding: 1 to 3, as docs/findings.md numbers them.
      few: Labels of each class that teachers of finding 3 have.
    """
    if finding == 1:
        standard = (cell.head, cell.layer) == (HEAD, 1)
        return cell.way == LINEAR or cell.way == FINE_TUNED and standard
    if finding == 2:
        return cell.way == FINE_TUNED and cell.width == MIDDLE
    return cell.way == STUDENT or cell in map(teacher, few)


def chosen_cells(findings, counts):
    """Those of some findings, in the order of the whole list."""
    return [
        cell
        for cell in all_cells(counts)
        if any(belongs(cell, finding, counts[:2]) for finding in findings)
    ]
