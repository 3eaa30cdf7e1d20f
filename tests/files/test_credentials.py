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
        ("Authorization: Basic bWU6d29y", "Authorization: Basic ***"),
        ("s3://ME:w/or+d@host/x.csv", "s3://***@host/x.csv"),
        ("http://host:80/a@b", "http://host:80/a@b"),
        ("http://h/x?key=word&author=me", "http://h/x?key=***&author=me"),
        ("http://h/x?api-key=word;pwd=a", "http://h/x?api-key=***;pwd=***"),
        ("a basic size", "a basic size"),
        ("hf://me/mine@main", "hf://me/mine@main"),
        ("digits, me@host", "digits, me@host"),
    ],
)
def test_texts(text, expected):
    assert without_credentials(text) == expected


def test_secrets_of_the_environment(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_of_mine\n")
    monkeypatch.setenv("KAGGLE_KEY", "0123456789")
    monkeypatch.setenv("MY_TOKEN", "no")  # would hide half of all words
    said = "401 for hf_of_mine and 0123456789, not known"
    assert without_credentials(said) == "401 for *** and ***, not known"


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
