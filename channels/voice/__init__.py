"""Autodial: automatic calls that say one notice and take keys as answers."""
