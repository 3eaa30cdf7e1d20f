"""When a line of metrics is due."""

from simclrv2_tf.runs.callbacks.line_times import EarlyLine


def test_an_early_line_is_due_once():
    early = EarlyLine(30)
    assert not early.is_due(100)  # nothing has begun
    early.begin(0)
    assert [early.is_due(20 * n) for n in (1, 2, 3, 4)] == [
        False,
        True,
        False,
        False,
    ]
