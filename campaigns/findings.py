"""What stands against a campaign, or should be known before it starts: as data, said in Russian here and by
code in other languages on the pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from campaigns.errors import CampaignError

Words = tuple[str, str, str]  #: Russian, Ukrainian, English

PATTERNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "item_not_in_text": "в тексте ({places}) нет обязательных сведений: {fields}",
        "item_empty": "не заполнено обязательное поле {fields}: получателей {count}{lines}",
        "text_refused": "текст нельзя отправить: {fault}",
        "starts_too_late": "начинать поздно: сообщить нужно было не позднее {latest}, опоздание для {count}",
        "event_date_missing": "нет даты ({fields}), от которой считается срок: получателей {count}",
        "advertising_forbidden": (
            "автоматическая рассылка рекламы запрещена (38-ФЗ, ст. 18, ч. 2), и согласие этого не меняет"
        ),
        "channel_left_out": "шаги пропущены, такого канала здесь нет: {channels}",
        "calls_read_out": (
            "звонки через SMSC: текст зачитывается, клавиш в нём нет, и известно только, что трубку сняли"
        ),
        "second_channel_missing": (
            "нужны письмо и ещё один канал, а его здесь нет: второй способ — вручную, получателей {count};"
            " они попадут в список «Уведомить вручную»"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `facts` may be words in three languages; none of them is personal data."""

    code: str
    refuses: bool
    count: int = 0
    facts: Mapping[str, object] = field(default_factory=dict)
    leaves_hole: bool = False  #: the text would go out with nothing where something must stand

    @property
    def message(self) -> str:
        """In Russian."""
        values = {name: value[0] if isinstance(value, tuple) else value for name, value in self.facts.items()}
        return PATTERNS[self.code].format(count=self.count, **values)


class CampaignRefusedError(CampaignError):
    """Raised when a campaign may not be made; `findings` are all that stands against it."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        first = findings[0]
        super().__init__(
            "; ".join(one.message for one in findings), code=first.code, count=first.count, **first.facts
        )
        self.findings = findings


def require_none(findings: tuple[Finding, ...]) -> None:
    """Raise `CampaignRefusedError` when any of the findings refuses."""
    if refusing := tuple(one for one in findings if one.refuses):
        raise CampaignRefusedError(refusing)
