"""From a cell and a draw to its accuracy, by way of all that it needs.

A run that several cells need is done once. What is chosen is chosen on a tenth
of the training images (`recipe.VALIDATION`), by runs on the other nine tenths
and a draw of labels that no row has; the test set is looked at by rows alone.
"""

from __future__ import annotations

from tools.benchmarks.cifar10 import read
from tools.benchmarks.findings import cells
from tools.benchmarks.findings import recipe as recipes
from tools.benchmarks.findings.recipe import SEED_OF_CHOICES
from tools.benchmarks.findings.recipe import TEST
from tools.benchmarks.findings.recipe import VALIDATION

WORKER = "tools.benchmarks.findings.train_and_judge"


class Jobs:
    """Runs of a recipe.

    Args:
      runs: `Runs`.
      recipe: A `Recipe`.

    Attributes:
      choices: {name: {"on": split, "top-1": {value: accuracy}, "chosen":
        value}} of what has been chosen so far.
    """

    def __init__(self, runs, recipe):
        self.choices = {}
        self._runs, self._recipe = runs, recipe

    def top_1(self, cell, draw):
        """Accuracy of a cell's draw on the test set."""
        ways = {
            cells.LINEAR: self._linear,
            cells.FINE_TUNED: self._fine_tuned,
            cells.STUDENT: self._student,
        }
        return ways[cell.way](cell, draw)

    def _linear(self, cell, draw):
        flags = self._recipe.probe(cell.width)
        flags["checkpoint"] = self._pretrained(cell)
        name = f"linear/{cell.width}"
        by_count = self._runs.result(name, flags, _logistic)
        return by_count[str(cell.labels or "full")][draw]

    def _fine_tuned(self, cell, draw):
        rate = self._rate(cell)
        return self._judged(*self._finetuning(cell, rate, draw, TEST))

    def _student(self, cell, draw):
        if cell.loss == cells.ALONE:
            rate = self._scratch_rate(cell)
            return self._judged(*self._scratch(cell, rate, draw, TEST))
        rate, alpha = self._distill_rate(cell), 1.0
        if cell.loss == cells.EQ_3:
            alpha = self._alpha(cell, rate)
        teacher = cells.teacher(cell.labels)
        self._fine_tuned(teacher, draw)
        taught = self._finetuning(teacher, None, draw, TEST)[0]
        return self._judged(
            *self._distilling(cell, rate, alpha, draw, TEST, taught)
        )

    # Choices.

    def _rate(self, cell):
        """Of all labels that of the most that are drawn."""
        if not cell.labels:
            return self._rate(cell._replace(labels=max(self._recipe.counts)))
        few = cell.labels < 500
        rates = recipes.FEW_RATES if few else recipes.MANY_RATES
        return self._choose(
            f"rate of {name_of(cell)}",
            rates,
            lambda rate: self._finetuning(
                cell, rate, SEED_OF_CHOICES, VALIDATION
            ),
        )

    def _scratch_rate(self, cell):
        return self._choose(
            f"rate of {name_of(cell)}",
            recipes.SCRATCH_RATES,
            lambda rate: self._scratch(cell, rate, SEED_OF_CHOICES, VALIDATION),
        )

    def _distill_rate(self, cell):
        """Of the small student with the fewest labels, for each temperature."""
        model = self._model(cell, cells.EQ_2)
        return self._choose(
            f"rate of {name_of(model)}",
            recipes.DISTILL_RATES,
            lambda rate: self._distilling_on_validation(model, rate, 1.0),
        )

    def _alpha(self, cell, rate):
        """The same, of equation 3."""
        model = self._model(cell, cells.EQ_3)
        return self._choose(
            f"alpha of {name_of(model)}",
            recipes.ALPHAS,
            lambda alpha: self._distilling_on_validation(model, rate, alpha),
        )

    def _model(self, cell, loss):
        few = self._recipe.counts[0]
        return cells.student(cells.SMALL, few, loss, cell.temperature)

    def _choose(self, name, values, run):
        """The value whose run is best on validation, the first of equals.

        Args:
          name: Of the choice; what is chosen already needs no runs.
          values: To choose from.
          run: Function from a value to a run.
        """
        if name in self.choices:
            return self.choices[name]["chosen"]
        accuracies = {value: self._judged(*run(value)) for value in values}
        chosen = max(accuracies, key=accuracies.__getitem__)
        self.choices[name] = {
            "on": VALIDATION["eval_split"],
            "top-1": {str(value): top_1 for value, top_1 in accuracies.items()},
            "chosen": chosen,
        }
        return chosen

    # Runs: (name, flags).

    def _pretrained(self, cell):
        """Pretrains unless it has been; the run's name."""
        name = f"pretrained/{cell.width}-head{cell.head}"
        flags = self._recipe.pretrain(cell.width, cell.head)
        self._runs.result(name, flags, lambda folder: {"done": True}, WORKER)
        return name

    def _finetuning(self, cell, rate, draw, splits):
        rate = self._rate(cell) if rate is None else rate
        flags = self._recipe.finetune(cell, rate, draw, splits)
        flags["checkpoint"] = self._pretrained(cell)
        return _name(cell, draw, rate, splits), flags

    def _scratch(self, cell, rate, draw, splits):
        flags = self._recipe.scratch(cell, rate, draw, splits)
        return _name(cell, draw, rate, splits), flags

    def _distilling(self, cell, rate, alpha, draw, splits, teacher):
        flags = self._recipe.distill(cell, rate, alpha, draw, splits)
        flags["teacher"] = teacher
        return _name(cell, draw, f"{rate}-{alpha}", splits), flags

    def _distilling_on_validation(self, cell, rate, alpha):
        """The teacher has not seen what the student is judged on."""
        taught = cells.teacher(cell.labels)
        teacher, flags = self._finetuning(
            taught, self._rate(taught), SEED_OF_CHOICES, VALIDATION
        )
        self._judged(teacher, flags)  # not yet, where its rate was known
        return self._distilling(
            cell, rate, alpha, SEED_OF_CHOICES, VALIDATION, teacher
        )

    def _judged(self, name, flags):
        return self._runs.result(name, flags, accuracy_of, WORKER)["top-1"]


def name_of(cell):
    """A cell as a name of directories."""
    words = [cell.way, f"{cell.width}", f"{cell.labels or 'all'}labels"]
    if cell.way == cells.FINE_TUNED:
        words += [f"head{cell.head}", f"layer{cell.layer}"]
    if cell.loss:
        words += [cell.loss, *[f"T{cell.temperature}"] * bool(cell.temperature)]
    return "-".join(words).replace(" ", "").replace("eq.", "eq")


def _name(cell, draw, value, splits):
    """Of a run, which for a row does not tell what was chosen."""
    if splits == TEST:
        return f"{name_of(cell)}/{draw}"
    return f"choices/{name_of(cell)}-{value}"


def accuracy_of(folder):
    """Top-1 of a run that has been evaluated."""
    result = read(folder, "result.json")
    return {"top-1": round(result["eval/label_top_1_accuracy"], 4)}


def _logistic(folder):
    """{count: top-1 of each draw} of the logistic regression."""
    by_count: dict[str, list[float]] = {}
    for row in read(folder, "probe.json")["draws"]:
        if row["family"] == "logistic":
            by_count.setdefault(row["count"], []).append(round(row["top_1"], 4))
    return by_count
