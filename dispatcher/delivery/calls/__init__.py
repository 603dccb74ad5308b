"""Calls in the delivery engine: lines, retry rules, what keys do, and what is kept of each call."""
