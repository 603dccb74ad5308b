"""The texts of a dry run: samples, and for how many recipients a needed field is missing.

Rendering half a million letters only to throw them away would take minutes. Whether a text can be made
depends on which of the fields it needs are empty, so one recipient of each such pattern is rendered by
the very renderer that sends, and the answer counts for all others of the same pattern. Files are another
matter: each recipient has one of their own, so each is looked at.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from campaigns.dry_run_sms import SmsTally
from channels.port import ChannelKind, Envelope
from channels.voice.script import CallScript
from dispatcher.delivery.bills.wanted import template_of
from dispatcher.delivery.checks import Candidate, RunView, with_common_fields
from dispatcher.delivery.render import Renderer
from dispatcher.delivery.sms_texts import SmsLength
from templates.errors import TemplateError, TooManyPartsError
from templates.rendering import CompiledTemplate

TEMPLATE_ERROR: Final = "template_error"
MOST_LATER: Final = 2000  #: short messages of later steps that are made; to make all would take minutes
MOST_CALLS: Final = 50  #: that are made audible; every phrase that all hear is among them
MAX_PATTERNS: Final = 256  #: more kinds of emptiness than these are judged one by one

Pattern = tuple[int, str, frozenset[str]]  #: step, language, empty fields


@dataclass(frozen=True, slots=True)
class Sample:
    """One notice as the recipient would get it: personal data, for staff who may see it."""

    line: int
    channel: str
    address: str  #: masked
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str | None = field(repr=False)
    length: SmsLength | None = None  #: of a short message


class TextCheck:
    """Judges and collects; one object per dry run."""

    def __init__(
        self,
        renderer: Renderer,
        run: RunView,
        templates: Mapping[UUID, CompiledTemplate],
        moment: datetime,
        *,
        wanted_samples: int,
    ) -> None:
        self._renderer = renderer
        self._run = run
        self._templates = templates
        self._moment = moment
        self._wanted = wanted_samples
        self._fine: dict[Pattern, bool] = {}
        self._needs: dict[tuple[int, str], frozenset[str]] = {}
        self._faulty: Counter[Pattern] = Counter()
        self.samples: list[Sample] = []
        self.calls: list[CallScript] = []  #: of each pattern one, to be tried by voice
        self.waiting_for_files: Counter[str] = Counter()
        self.sms = SmsTally()
        self.sms_later = SmsTally()  #: of later steps, for those whom the earlier ones do not reach

    def refused_for_text(self, candidate: Candidate, line: int, at: datetime) -> str | None:
        """Why no text can be made for this recipient, or None; keeps the first few as samples.

        `at`: when it may first go. What greets by the hour greets as it will then.
        Short messages are paid for by their length, so each one is made and counted.
        """
        candidate = with_common_fields(self._run.common_fields, candidate)
        pattern = (candidate.step, candidate.language, self._empty_fields(candidate))
        if candidate.channel == ChannelKind.SMS:
            refused = self._render(candidate, line, at)
            self._fine[pattern] = refused != TEMPLATE_ERROR
        else:
            fine = self._fine.get(pattern)
            refused = None if fine else TEMPLATE_ERROR
            if fine is None or len(self.samples) < self._wanted:
                refused = self._render(candidate, line, at)
                if len(self._fine) < MAX_PATTERNS:
                    self._fine[pattern] = refused is None
        if refused == TEMPLATE_ERROR:
            self._faulty[pattern] += 1
        return refused

    def measure_further(self, candidate: Candidate, *, is_certain: bool) -> None:
        """Count the short message of a later step. `is_certain`: it goes whatever comes before.

        The others are made for the first few only; the rest is taken to be as long.
        """
        tally = self.sms if is_certain else self.sms_later
        if not is_certain and tally.measured >= MOST_LATER:
            tally.count()
            return
        candidate = with_common_fields(self._run.common_fields, candidate)
        try:
            made = self._compose(candidate, self._moment)
        except (TemplateError, ValueError, ArithmeticError):
            return  # it will go by no short message; the step before it is what was judged
        tally.add(candidate.address or "", self._renderer.sms_texts.measure(made.text))

    def refused_for_files(self, candidate: Candidate) -> str | None:
        """Why the files of this recipient would refuse the notice; counts what it would wait for.

        Each file is looked at, none is read or fetched.
        """
        template = template_of(self._run, candidate, self._templates)
        files = self._renderer.check_files(template, candidate)
        if files.refused is None and files.waits_for is not None:
            self.waiting_for_files[files.waits_for] += 1
        return files.refused

    def missing_fields(self) -> dict[str, int]:
        """Field → for how many recipients no text can be made because it is empty."""
        harmless = {name for (_, _, names), fine in self._fine.items() if fine for name in names}
        missing: Counter[str] = Counter()
        for (_, _, names), count in self._faulty.items():
            for name in names - harmless:
                missing[name] += count
        return dict(missing)

    def _empty_fields(self, candidate: Candidate) -> frozenset[str]:
        own, fields = _own_fields(candidate), candidate.fields
        return frozenset(
            name
            for name in self._needed(candidate)
            if (own[name] if name in own else fields.get(name)) in (None, "")
        )

    def _needed(self, candidate: Candidate) -> frozenset[str]:
        """What the text of this step and language needs of the recipient; worked out once for each."""
        place = (candidate.step, candidate.language)
        if place not in self._needs:
            step = self._run.plan.steps[candidate.step]
            template = self._templates[step.version_for(candidate.language)]
            self._needs[place] = template.required_fields() - _OF_THE_COMPANY
        return self._needs[place]

    def _render(self, candidate: Candidate, line: int, at: datetime) -> str | None:
        try:
            made = self._compose(candidate, at)
        except TooManyPartsError as error:
            return error.code
        except (TemplateError, ValueError, ArithmeticError):
            return TEMPLATE_ERROR
        length = None
        if made.call is not None and len(self.calls) < MOST_CALLS:
            self.calls.append(made.call)
        if candidate.channel == ChannelKind.SMS:
            length = self._renderer.sms_texts.measure(made.text)
            self.sms.add(candidate.address or "", length)
        if len(self.samples) < self._wanted:
            address = mask_address(candidate.address or "")
            self.samples.append(
                Sample(line, candidate.channel, address, made.subject, made.text, made.html, length)
            )
        return None

    def _compose(self, candidate: Candidate, at: datetime) -> Envelope:
        # Without a contact point the text carries no link that would really unsubscribe somebody.
        harmless = candidate._replace(contact_point_id=None)
        template = template_of(self._run, candidate, self._templates)
        most = self._run.plan.steps[candidate.step].max_parts
        return self._renderer.compose(template, harmless, self._run.purpose, at, max_parts=most)


#: Given by the renderer itself, whatever the list holds.
_OF_THE_COMPANY: Final = frozenset(
    {"company_name", "company_phone", "company_hours", "unsubscribe_url", "local_hour"}
)


def _own_fields(candidate: Candidate) -> Mapping[str, object]:
    return {
        "account_number": candidate.account_number,
        "full_name": candidate.full_name,
        "address": candidate.supply_address,
    }


def mask_address(address: str) -> str:
    """`p…@example.org`, `+7…4567`: enough to recognise, not to use."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}…@{domain}" if at else f"{address[:2]}…{address[-4:]}"
