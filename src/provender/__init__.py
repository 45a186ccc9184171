"""Provender improves the data behind a model and leaves the model alone."""

__version__ = "0.1.0"
