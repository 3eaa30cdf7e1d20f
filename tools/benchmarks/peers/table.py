"""benchmarks/peers.md: what has been measured, as tables."""

from tools.benchmarks.peers.ratios import RATE

NOT_YET = "not measured yet"
SPEED, BARE = "speed", "bare step"
NEIGHBOURS, ORIGINAL = "neighbours", "original"
ORDER = (SPEED, BARE, NEIGHBOURS, ORIGINAL)
_TITLES = {
    SPEED: "Images/s, from files to the optimizer's step",
    BARE: "Images/s of the step alone, on one batch in memory",
    ORIGINAL: "The original release's own program, same flags",
}
_RATIOS = ("ours over the peer's best", "ours over the original")


def text(report):
    """The page, in Markdown."""
    parts = ["# Beside the peers", "", _MADE, ""]
    for part, title in _TITLES.items():
        parts += [f"## {title}", "", *_speed(report.get(part)), ""]
    parts += ["## Nearest neighbours after equal minutes", ""]
    parts += _neighbours(report.get(NEIGHBOURS))
    return "\n".join(parts) + "\n"


_MADE = (
    "Written by `python tools/benchmark.py peers`; docs/peers.md says how it "
    "measures."
)


def _speed(cases):
    """A table of each case, or that there is none."""
    if not cases:
        return [f"**{NOT_YET}**"]
    lines = []
    for case in cases.values():
        lines += [*_case(case), ""]
    return lines[:-1]


def _case(case):
    lines = [f"### {case['what']}", "", f"{case['hardware']}.", ""]
    lines += ["| program | images/s | range |", "| --- | --- | --- |"]
    lines += [
        f"| {name} | {row[RATE]:.1f} | {row['lowest']:.1f} to "
        f"{row['highest']:.1f} |"
        for name, row in case[RATE].items()
    ]
    lines += ["", "| ours in | times the other's best | range | target |"]
    lines += ["| --- | --- | --- | --- |"]
    return lines + [
        f"| {precision} | {row['ratio']:.2f} | {row['lowest']:.2f} to "
        f"{row['highest']:.2f} | {row['target']:g}: {_word(row)} |"
        for precision, row in _ratios(case).items()
    ]


def _ratios(case):
    return next(case[name] for name in _RATIOS if name in case)


def _word(row):
    return "reached" if row["reached"] else "missed"


def _neighbours(part):
    if not part:
        return [f"**{NOT_YET}**"]
    lines = [f"{part['what']}; {part['neighbours']}. {part['hardware']}.", ""]
    lines += ["| minutes | side | rate | steps | k=10 | k=200 |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    return lines + [
        f"| {row['minutes']:g} | {row['side']} | {row['rate']} "
        f"| {row['steps']} | {row['10 neighbours']:.1%} "
        f"| {row['200 neighbours']:.1%} |"
        for row in part["rows"]
    ]
