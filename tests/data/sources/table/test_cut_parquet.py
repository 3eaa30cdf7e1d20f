"""A Parquet file that was not copied to its end."""

import pytest

from simclrv2_tf.data.sources.table import parquet_rows

pytest.importorskip("pyarrow")


@pytest.mark.parametrize("kept", [0, 3, 0.5, 0.99])
def test_a_cut_file_is_named_in_a_sentence(kept, tmp_path):
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "x.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"image": [b"x"] * 99}), path)
    whole = path.read_bytes()
    rows = parquet_rows.guarded(str(path), lambda f: f.metadata.num_rows)
    assert rows == 99
    path.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else kept])
    words = r"x\.parquet' cannot be read as Parquet .*not copied to its end"
    with pytest.raises(ValueError, match=words):
        parquet_rows.guarded(str(path), lambda f: f.metadata.num_rows)
