"""Fake providers that speak the real protocols, for development, the demo and the tests."""

from channels.sandbox.directives import RandomFaults
from channels.sandbox.journal import Journal, JournalEntry, JournalVerdict, read_journal
from channels.sandbox.runner import run_sandbox
from channels.sandbox.smtp_server import SandboxOptions, SandboxSmtpServer

__all__ = [
    "Journal",
    "JournalEntry",
    "JournalVerdict",
    "RandomFaults",
    "SandboxOptions",
    "SandboxSmtpServer",
    "read_journal",
    "run_sandbox",
]
