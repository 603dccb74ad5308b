"""The command line. `main` is the entry of the installed command `dispatcher`."""

from dispatcher.cli.app import main

__all__ = ["main"]
