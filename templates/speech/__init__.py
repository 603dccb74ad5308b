"""Texts in words, as they are said."""
