"""What it costs to build one e-mail: µs of processor time a message, least and median of many rounds.

    .venv/bin/python -m tests.benchmarks.message_build --rounds 40 --messages 500

Prints one JSON object. Each round builds as many different messages (own address, name, numbers, link) of
one kind; the kinds take turns, so a busy machine disturbs all alike. The texts are of the usual size: about
1.5 KB of text and HTML together.
"""

import argparse
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from channels.email.addresses import parse_address
from channels.email.dkim_keys import KeyKind, make_private_key, to_pem
from channels.email.message import MessageBuilder
from channels.port import Attachment, AttemptReference, Envelope
from dispatcher.core.settings import DkimKeySettings, MailSettings

TEXT = """Здравствуйте, {name}!

По лицевому счёту {account} числится задолженность за электроэнергию: {debt} ₽.
Просим оплатить её до 25 декабря 2026 года по адресу {link}.

Если Вы уже заплатили, не обращайте внимания на это письмо.

С уважением,
Энергосбытовая компания, 8-800-000-00-00
"""
HTML = """<!doctype html>
<html lang="ru"><body style="font-family: sans-serif; color: #222">
  <p>Здравствуйте, {name}!</p>
  <p>По лицевому счёту <b>{account}</b> числится задолженность за электроэнергию: <b>{debt} ₽</b>.</p>
  <p>Просим оплатить её до 25 декабря 2026 года:
    <a href="{link}" style="color: #0055aa">оплатить</a>.</p>
  <p style="color: #777">Если Вы уже заплатили, не обращайте внимания на это письмо.</p>
</body></html>
"""
SUBJECT = "Задолженность за электроэнергию"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PDF = Attachment("Счёт за ноябрь.pdf", "application/pdf", bytes(range(256)) * 200)

Build = Callable[[Envelope, int], bytes]


def envelopes(count: int, *, personal: bool = False, files: tuple[Attachment, ...] = ()) -> list[Envelope]:
    return [_envelope(number, personal=personal, files=files) for number in range(count)]


def _envelope(number: int, *, personal: bool, files: tuple[Attachment, ...]) -> Envelope:
    link = f"https://lk.energosbyt.example/u/{number:061x}"
    fields = {
        "name": f"Анна Сергеевна {number}",
        "account": f"{number:012}",
        "debt": f"{number},40",
        "link": link,
    }
    return Envelope(
        attempt=AttemptReference(date(2026, 11, 1), UUID(int=0x9E3779B97F4A7C15 * (number + 1))),
        notice_key=f"{number:032x}.0",
        address=f"anna.petrova.{number}@example.com",
        recipient_name=f"Петрова Анна Сергеевна {number}",
        subject=f"{SUBJECT}: {number} ₽" if personal else SUBJECT,
        text=TEXT.format(**fields),
        html=HTML.format(**fields),
        headers=(
            ("List-Unsubscribe", f"<{link}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
        attachments=files,
    )


def kinds(directory: Path, messages: int) -> Iterator[tuple[str, Sequence[Envelope], Build]]:
    plain = envelopes(messages)
    yield "text_html_8bit", plain, builder()
    yield "text_html_8bit_own_subject", envelopes(messages, personal=True), builder()
    yield "text_html_base64", plain, builder(transfer_encoding="base64")
    yield "with_pdf_51_kb", envelopes(messages // 10, files=(PDF,)), builder()
    names: Mapping[str, tuple[KeyKind, ...]] = {
        "ed25519": ("ed25519",),
        "rsa_2048": ("rsa",),
        "both": ("rsa", "ed25519"),
    }
    for name, wanted in names.items():
        keys = [key_setting(directory, kind) for kind in wanted]
        yield f"signed_{name}", plain[: messages // 5], builder(dkim_keys=keys)
    keys = [key_setting(directory, "ed25519")]
    yield "signed_ed25519_8bit", plain[: messages // 5], builder(dkim_keys=keys, transfer_encoding="8bit")


def key_setting(directory: Path, kind: KeyKind) -> DkimKeySettings:
    path = directory / f"{kind}.pem"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(to_pem(make_private_key(kind)))
    return DkimKeySettings(selector=kind, private_key_file=path)


def builder(**settings: object) -> Build:
    made = MessageBuilder(MailSettings.model_validate(settings))

    def build(envelope: Envelope, number: int) -> bytes:
        moment = NOON + timedelta(milliseconds=number)
        return made.build(envelope, parse_address(envelope.address), date=moment, is_8bit=True)

    return build


def measure(batch: Sequence[Envelope], build: Build) -> float:
    started = time.thread_time()
    for number, envelope in enumerate(batch):
        build(envelope, number)
    return (time.thread_time() - started) / len(batch) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--messages", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        tried = list(kinds(Path(directory), arguments.messages))
        gc.disable()
        rounds = [[measure(batch, build) for _, batch, build in tried] for _ in range(arguments.rounds)]
    result = {
        name: {
            "octets": len(build(batch[0], 0)),
            "min_us": round(min(times), 1),
            "median_us": round(statistics.median(times), 1),
        }
        for (name, batch, build), times in zip(tried, zip(*rounds, strict=True), strict=True)
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
