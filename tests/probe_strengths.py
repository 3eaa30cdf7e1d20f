"""Fewer strengths of a linear probe, as tests need no well-chosen one."""

from simclrv2_tf.probing import cross_validation


def use_few(monkeypatch):
    monkeypatch.setattr(cross_validation, "STRENGTHS", (0.01, 1.0))
