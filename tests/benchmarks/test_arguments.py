"""What a benchmark cannot use is refused before it measures."""

import pytest

from tools.benchmark import module_of

# With fewer there is no middle, no spread, or nothing at all.
LEAST = {
    "convert --rows": 1,
    "curation --draws": 1,
    "findings --processes": 1,
    "folding --rounds_1": 1,
    "folding --rounds_32": 1,
    "forms --rounds": 2,
    "input --rounds": 1,
    "momentum --steps": 1,
    "normalization --rounds": 2,
    "nt_xent --repeat": 1,
    "onednn --rounds": 1,
    "peers --original_steps": 5,
    "probe --rows": 1000,
    "resume --rounds": 1,
}


def refusal(name, words, capsys):
    """The last line of what a benchmark says as it ends at once."""
    with pytest.raises(SystemExit) as end:
        list(module_of(name).run(words))
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("argument", LEAST)
def test_too_few_are_refused(argument, capsys):
    name, option = argument.split()
    least = LEAST[argument]
    said = refusal(name, [f"{option}={least - 1}"], capsys)
    assert said.endswith(
        f"argument {option}: must be {least} or more. Received: {least - 1}"
    )


def test_pairs_are_shared_by_two_workers_and_by_three(capsys):
    said = refusal("wire", ["--pairs=100"], capsys)
    assert said.endswith("--pairs: must be a multiple of 6. Received: 100")
    assert module_of("wire").parse_arguments(["--pairs=12"]).pairs == 12


def test_what_is_no_number_is_called_so(capsys):
    said = refusal("forms", ["--rounds=few"], capsys)
    assert said.endswith("--rounds: invalid whole number value: 'few'")


def test_a_part_of_curation_is_known_before_hours_of_pretraining(capsys):
    words = ["--datasets=digits", "--parts=outliers,outlier"]
    said = refusal("curation", words, capsys)
    assert "--parts must be of neighbours_right, next_labels, dup" in said
    assert said.endswith("Received: outliers,outlier")


def test_data_of_students_are_known_before_hours_of_teaching(capsys):
    words = ["--data=a", "--runs_dir=b", "--datasets=cifar10,sign"]
    said = refusal("students", words, capsys)
    assert said.endswith(
        "--datasets must be of cifar10,signs. Received: cifar10,sign"
    )
