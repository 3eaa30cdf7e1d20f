"""The benchmark of curation runs where no data but the digits are there."""

import pytest

from tools.benchmarks import curation
from tools.benchmarks.curation import planted


def test_strangers_of_no_folder_are_the_digits_alone(tmp_path):
    assert planted.strangers("digits", None) == {}
    assert list(planted.strangers("signs", None)) == ["digits"]
    (tmp_path / "signs" / "0").mkdir(parents=True)
    with pytest.raises(ValueError, match="signs' holds no image"):
        planted.strangers("digits", tmp_path)


def test_the_outliers_of_digits_alone_are_none():
    options = curation.parse_arguments(["--datasets=digits"])
    data = curation.Data("digits", None, None, None)
    assert planted.outliers(data, options.data, draws=1) == {}
