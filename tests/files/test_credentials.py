"""Secrets that stand in texts and options."""

import pytest

from simclrv2_tf.files.credentials import public_values
from simclrv2_tf.files.credentials import without_credentials


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://me:word@host/x failed", "https://***@host/x failed"),
        ("npz:s3://word@host/a,b", "npz:s3://***@host/a,b"),
        ("http://h/x?a=1&api_key=word&b=2", "http://h/x?a=1&api_key=***&b=2"),
        ("gs://b/x?X-Goog-Signature=word", "gs://b/x?X-Goog-Signature=***"),
        ("Authorization: Bearer word.a-b", "Authorization: Bearer ***"),
        ("hf://me/mine@main", "hf://me/mine@main"),
        ("digits, me@host", "digits, me@host"),
    ],
)
def test_texts(text, expected):
    assert without_credentials(text) == expected


def test_options():
    values = {
        "dataset": "npz:s3://me:word@host/x",
        "hub_token": "word",
        "seed": 3,
        "student": None,
    }
    assert public_values(values) == {
        "dataset": "npz:s3://***@host/x",
        "hub_token": "***",
        "seed": 3,
    }
