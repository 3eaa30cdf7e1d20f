"""The tool that shows augmentations says what is wrong in a line."""

import pytest
import tensorflow as tf

from simclrv2_tf.inference import inspection
from tools import preview_augmentations


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("not so"), "error: not so\n"),
        (
            tf.errors.ResourceExhaustedError(None, None, "OOM in [9]\n\t[[x]]"),
            "error: The memory is used up (OOM in [9]): give ",
        ),
    ],
)
def test_what_fails_is_a_sentence(error, words, monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr(inspection, "preview", fail)
    assert preview_augmentations.main(["x.png", "--dataset=digits"]) == 1
    assert capsys.readouterr().err.startswith(words)
