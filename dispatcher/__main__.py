"""`python -m dispatcher`: the same as the command `dispatcher`, and how a supervisor starts each process."""

import gc

# Loading makes some hundred thousand objects, nearly all to stay: looking through them after every 700, as
# Python does by default, takes a seventh of the time until a process is there.
gc.set_threshold(10_000, 10, 10)

from dispatcher.cli import main  # noqa: E402 - the line above is about this one

main()
