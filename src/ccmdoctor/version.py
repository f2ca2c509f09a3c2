"""The version, on its own so that every part may name it."""

__version__ = "0.1.0"
