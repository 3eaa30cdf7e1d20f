"""The table of all runs, and how often the health line is wrong."""

COLUMNS = (
    "run",
    "seed",
    "temperature",
    "batch",
    "told right, untrained → trained",
    "learns",
    "loss to chance",
    "positives found",
    "neighbours",
    "rank",
    "uniformity",
    "warned of",
    "without labels",
    "job",
)
CALLS = ("warned", "without labels", "job")


def counts(rows):
    """How many runs there are of each kind, and how many calls are wrong."""
    return {
        "runs": len(rows),
        "that learn": sum(row["learns"] for row in rows),
        "wrong calls": {
            key: sum(wrong(row, key) for row in rows) for key in CALLS
        },
        "of them false alarms": {
            key: sum(row["learns"] and wrong(row, key) for row in rows)
            for key in CALLS
        },
    }


def wrong(row, key):
    return row["learns"] == bool(row[key])


def line(row):
    """A row of the table."""
    right = "–"
    if "right" in row:
        right = f"{row['right untrained']:.1%} → {row['right']:.1%}"
    cells = [
        f"{row['data']}: {row['what']}",
        f"{row['seed']}",
        f"{row['temperature']:g}",
        f"{row['batch']}",
        right,
        "yes" if row["learns"] else "no",
        _change(row, "loss_share_of_chance", "{:.2f}"),
        _change(row, "positives_found", "{:.1%}"),
        _change(row, "neighbours", "{:.0%}"),
        _number(row, "effective_rank", "{:.1f}"),
        _number(row, "uniformity", "{:.2f}"),
        *(_call(row, key) for key in CALLS),
    ]
    return f"| {' | '.join(cells)} |"


def _call(row, key):
    words = ", ".join(row[key]) or "nothing"
    return f"**{words}** (wrong)" if wrong(row, key) else words


def _change(row, name, form):
    start, now = (_number(row, n, form) for n in (f"{name}_at_start", name))
    return f"{start} → {now}"


def _number(row, name, form):
    value = row.get("numbers", {}).get(name)
    return "–" if value is None else form.format(value)


def page(report):
    """The text of health.md."""
    versions = ", ".join(f"{k} {v}" for k, v in report["versions"].items())
    head = [
        "# Does the health line know who learns?",
        "",
        f"`{report['command']}`; {versions}; {report['hardware']}.",
        "",
        *(_summary(*item) for item in report["by seed"].items()),
        "",
        "A run learns if the nearest of five labelled images a class tells "
        f"{report['learns']} than the untrained network's features do (means "
        "of 40 draws, on such images as the run is given). A call is what the "
        "last health line warns of. Loss to chance, positives found and "
        "neighbours: at the start and at the end. The job of "
        "`semi_supervised` stops only what is surely lost. The rule's bounds "
        "were set on the runs of seed 0.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{' --- |' * len(COLUMNS)}",
    ]
    return "\n".join([*head, *map(line, report["rows"])]) + "\n"


def _summary(seed, count):
    wrongs, alarms = count["wrong calls"], count["of them false alarms"]
    words = ", ".join(
        f"{key} {wrongs[key]} (false alarms {alarms[key]})" for key in CALLS
    )
    return (
        f"- seed {seed}: {count['runs']} runs, {count['that learn']} of which "
        f"learn; wrong calls: {words}"
    )
