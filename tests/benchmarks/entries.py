"""What `make bench` measures: each entry by its name, ready to be run against a sink.

`product`, the transport and the peers send the same letter (`letter.py`). The built-in debt reminder, which
is longer and asks more of its template, is measured beside it (`…_builtin`), so that nothing is hidden.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks.dkim_variants import ed25519_variant, rsa_variant
from tests.benchmarks.errors import MissingPeerError
from tests.benchmarks.letter import write_for_peers
from tests.benchmarks.peer_rounds import (
    Peer,
    find_bullmq,
    find_celery,
    find_dramatiq,
    measure_peer,
    prepare_peers,
)
from tests.benchmarks.product import BUILTIN, PLAIN, Text, Variant, measure, prepare_template
from tests.benchmarks.rounds import Round
from tests.benchmarks.sink import Sink
from tests.benchmarks.sizing import Sizes
from tests.benchmarks.specimens import collect_specimens
from tests.benchmarks.stage import Stage
from tests.benchmarks.transport import PROTOCOLS, measure_transport, write_messages

Entry = Callable[[Sink], Round]


@dataclass(frozen=True, slots=True)
class Materials:
    """What every round needs: files of the product's own letters, by text, and the peers' templates."""

    messages: dict[Text, Path]
    message_bytes: dict[str, float]
    templates: Path


def collect_materials(stage: Stage) -> Materials:
    """Sends a few letters of each text for real; shows, too, that everything works."""
    messages, sizes = {}, {}
    for text in Text:
        contents = collect_specimens(stage, text)
        messages[text] = stage.directory / f"messages-{text}.json"
        write_messages(messages[text], contents)
        sizes[text.value] = median(len(content) for content in contents)
    return Materials(messages, sizes, write_for_peers(stage.directory))


def make_entries(
    stage: Stage, materials: Materials, sizes: Sizes, only: Sequence[str] | None = None
) -> tuple[dict[str, Entry], dict[str, str]]:
    """Everything that can be measured here, in order; and what cannot, with reasons."""
    makers = _Makers(stage, materials, sizes, only)
    entries: dict[str, Entry] = {}
    skipped: dict[str, str] = {}
    for name, make in makers.all().items():
        if only and name not in only:
            continue
        try:
            entries[name] = make()
        except MissingPeerError as error:
            skipped[name] = str(error)
    return entries, skipped


#: The ending of the names of entries that send the built-in text.
BUILTIN_SUFFIX: Final = "_builtin"


class _Makers:
    def __init__(self, stage: Stage, materials: Materials, sizes: Sizes, only: Sequence[str] | None) -> None:
        self._stage, self._materials, self._sizes = stage, materials, sizes
        self._lists = {
            text: prepare_template(stage, f"list_{text}", sizes.recipients, text)
            for text in Text
            if not only or any(name.endswith(BUILTIN_SUFFIX) == (text is Text.BUILTIN) for name in only)
        }
        self._peers = prepare_peers(stage, sizes.peers)

    def all(self) -> dict[str, Callable[[], Entry]]:
        directory = self._stage.directory
        return {
            **{name: partial(self._transport, name, Text.UNIT) for name in PROTOCOLS},
            "product": partial(self._product, lambda: PLAIN, Text.UNIT),
            "product_dkim_ed25519": partial(self._product, partial(ed25519_variant, directory), Text.UNIT),
            "product_dkim_rsa2048": partial(self._product, partial(rsa_variant, directory), Text.UNIT),
            "celery": partial(self._peer, find_celery),
            "dramatiq": partial(self._peer, find_dramatiq),
            "bullmq": partial(self._peer, find_bullmq),
            **{name + BUILTIN_SUFFIX: partial(self._transport, name, Text.BUILTIN) for name in PROTOCOLS},
            BUILTIN.name: partial(self._product, lambda: BUILTIN, Text.BUILTIN),
        }

    def _transport(self, protocol: str, text: Text) -> Entry:
        file = self._materials.messages[text]

        def entry(sink: Sink) -> Round:
            return measure_transport(protocol, sink, self._sizes.recipients, file)

        return entry

    def _product(self, find: Callable[[], Variant], text: Text) -> Entry:
        variant, url = find(), self._lists[text]

        def entry(sink: Sink) -> Round:
            return measure(self._stage, url, sink, self._sizes.recipients, variant)

        return entry

    def _peer(self, find: Callable[[], Peer]) -> Entry:
        peer = find()

        def entry(sink: Sink) -> Round:
            templates = self._materials.templates
            return measure_peer(self._stage, self._peers, sink, peer, self._sizes.peers, templates)

        return entry
