"""Numbers as pages show them."""

import pytest

from simclrv2_tf.reports import template

PAGE = (
    '{% from "parts.html" import share, bound %}'
    "{{ share(value) }}, {{ bound(value) }}"
)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """The name of a package that holds a page of numbers."""
    above = tmp_path_factory.mktemp("above")
    place = above / "a_room_of_pages"
    place.mkdir()
    (place / "__init__.py").touch()
    (place / "numbers.html").write_text(PAGE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(above))
        yield place.name


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–, –"),
        (1.0, "100.0 %, 100.0 %"),
        (0.9996, "99.9 %, 100.0 %"),
        (0.5004, "50.0 %, 50.0 %"),
    ],
)
def test_nearly_all_are_not_all(room, value, shown):
    """A rounded end of an interval may be all; a share of right answers not."""
    assert template.render(room, "numbers.html", {"value": value}) == shown
