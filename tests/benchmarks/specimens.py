"""Some of the product's own messages, as a mail server gets them: what the transport is measured with."""

import time
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from dispatcher.embedded.ports import HOST, choose_port
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.product import Installation, Text, prepare_template
from tests.benchmarks.stage import Stage

SPECIMENS: Final = 64
LIMIT_SECONDS: Final = 90.0


class _Keeper:
    """Takes and keeps every message."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content: Any = envelope.content
        self.contents.append(bytes(content))
        return "250 2.0.0 kept"


def collect_specimens(stage: Stage, text: Text) -> list[bytes]:
    """Send a small list for real and keep what arrives; shows, too, that everything works."""
    keeper = _Keeper()
    port = choose_port()
    server = Controller(keeper, hostname=HOST, port=port)
    template = prepare_template(stage, f"specimens_{text}", SPECIMENS, text)
    server.start()
    try:
        with stage.clone(template, "specimens") as url:
            installation = Installation(stage, url, port)
            run = installation.draft_run()
            with installation.running():
                installation.ask("campaign", "submit", run)
                _wait(installation, keeper)
    finally:
        server.stop()
    return keeper.contents


def _wait(installation: Installation, keeper: _Keeper) -> None:
    until = time.monotonic() + LIMIT_SECONDS
    while len(keeper.contents) < SPECIMENS:
        if time.monotonic() > until:
            raise BenchmarkError(
                f"the product sent {len(keeper.contents)} of {SPECIMENS} messages in {LIMIT_SECONDS:.0f} s;"
                f" its log ends:\n{installation.output_of('up')[-2000:]}"
            )
        time.sleep(0.05)
