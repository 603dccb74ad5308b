"""The sandbox as rounds of short messages need it, a process of its own.

The same list goes out again within a minute, which the provider takes for a mistake; here it does not mind.
"""

import argparse
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from channels.sandbox.runner import run_sandbox
from channels.sandbox.smsc_callbacks import CallbackTarget
from channels.sandbox.smsc_server import SmscSandboxOptions

HOST = "127.0.0.1"


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the mail server and SMSC until told to end."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.smsc_process", description=__doc__)
    for name in ("port", "sms-port", "bounce-port", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--callback", required=True)
    parser.add_argument("--secret", required=True)
    options = parser.parse_args(arguments)
    sms = SmscSandboxOptions(
        port=options.sms_port,
        balance=Decimal(10**9),
        callback=CallbackTarget(options.callback, options.secret),
        identical_per_minute=1_000_000,
    )
    run_sandbox(
        HOST,
        options.port,
        options.journal,
        HOST,
        options.bounce_port,
        seed=options.seed,
        fsync=True,
        sms=sms,
    )


if __name__ == "__main__":
    main()
