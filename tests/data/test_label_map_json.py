"""A `--label_map` that ends in .json must hold an object."""

import pytest

from simclrv2_tf.data.label_map import read_label_map


def test_an_object_is_read(tmp_path):
    path = tmp_path / "map.json"
    path.write_text('{"cat": "pet", "lynx": "wild"}')
    assert read_label_map(str(path)) == {"cat": "pet", "lynx": "wild"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat,pet", r"map.json' is no JSON: Expecting value"),
        ("", r"map.json' is no JSON: Expecting value"),
        ('[["cat", "pet"]]', "must hold an object, .*Received: list"),
        ('[{"cat": "pet"}]', "must hold an object, .*Received: list"),
    ],
)
def test_something_else_is_refused(text, words, tmp_path):
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_label_map(str(path))
