"""Weights in files: each format to and from {canonical name: array}.

The canonical names are those of a TF1 checkpoint of the original release.
"""
