"""Event files without the points that are written again."""

import tensorflow as tf

from simclrv2_tf.files.event_files import keep_events


def write(directory, steps):
    writer = tf.summary.create_file_writer(str(directory))
    with writer.as_default():
        for step in steps:
            tf.summary.scalar("loss", float(step), step=step)
    writer.close()
    return max(directory.glob("events*"), key=lambda p: p.stat().st_mtime_ns)


def read(directory):
    """(tag, step, value) of all points that are whole."""
    points = []
    for path in sorted(directory.glob("events*")):
        records = tf.data.TFRecordDataset(str(path)).ignore_errors()
        for record in records.as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            points += [
                (value.tag, event.step, float(tf.make_ndarray(value.tensor)))
                for value in event.summary.value
            ]
    return points


def test_points_are_dropped_and_others_stay_as_they_are(tmp_path):
    first = write(tmp_path, [1, 2])
    untouched = first.read_bytes()
    second = write(tmp_path, [3, 4, 5])
    torn = second.read_bytes()[:-3]  # as a kill leaves it
    second.write_bytes(torn)
    keep_events(str(tmp_path), lambda event: event.step <= 5)
    assert second.read_bytes() == torn
    keep_events(str(tmp_path), lambda event: event.step <= 3)
    assert first.read_bytes() == untouched
    assert read(tmp_path) == [("loss", step, step) for step in (1, 2, 3)]
    begin = next(tf.compat.v1.train.summary_iterator(str(second)))
    assert begin.file_version.startswith("brain.Event")
    assert len(list(tmp_path.iterdir())) == 2


def test_other_files_and_directories_are_left_alone(tmp_path):
    keep_events(str(tmp_path / "none"), lambda _: False)
    write(tmp_path / "eval", [1])
    (tmp_path / "events.jsonl").write_text("{}\n")
    keep_events(str(tmp_path), lambda _: False)
    assert (tmp_path / "events.jsonl").read_text() == "{}\n"
    assert read(tmp_path / "eval") == [("loss", 1, 1.0)]
