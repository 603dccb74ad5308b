"""The scenarios that come with the product: what can be told, who owns the text, by when (requirements 16–26,
45, 47, 59).

A company may change owner, lead time and strictness (`campaigns.scenario_rules`) and write the texts anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from campaigns.lead_time import Counted, LeadTime, Strictness
from channels.port import ChannelKind
from consent.presets import BY_PURPOSE, EMERGENCY_OUTAGE
from consent.purposes import Purpose
from consent.sources import Basis
from dispatcher.delivery.step_plan import CONSENT, Combination
from templates.notice_kinds import mandatory_items

Words = tuple[str, str, str]  #: Russian, Ukrainian, English

_EMAIL: Final = (ChannelKind.EMAIL,)
_ANY_CHANNEL: Final = (ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.VOICE)

BILLING: Final = "Отдел расчётов с потребителями"
SUPPLY: Final = "Диспетчерская служба"
METERING: Final = "Служба учёта электроэнергии"
CONTRACTS: Final = "Договорной отдел"
SERVICE: Final = "Отдел обслуживания клиентов"


@dataclass(frozen=True, slots=True)
class BuiltinScenario:
    """A scenario that comes with the product; its texts have its name."""

    name: str
    titles: Words
    purpose: str
    owner: str  #: which department answers for the text (requirement 59)
    policy_profile: str = BY_PURPOSE  #: the table of purposes and customer groups decides
    channels: tuple[ChannelKind, ...] = _EMAIL
    combination: Combination = Combination.ANY
    lead_time: LeadTime | None = None
    priority: str = "bulk"
    basis: str = CONSENT  #: contract or legal_duty: who cannot be reached is told by hand
    language: str = "ru"  #: for recipients whose own language is not among `translations`
    translations: tuple[str, ...] = ("uk", "en")

    @property
    def title(self) -> str:
        """In Russian."""
        return self.titles[0]

    @property
    def mandatory(self) -> tuple[str, ...]:
        """The fields that its text must print and its list or campaign must give."""
        return mandatory_items(self.name)


_ALL: Final = (
    BuiltinScenario(
        "debt_reminder",
        ("Напоминание о задолженности", "Нагадування про заборгованість", "Reminder of a debt"),
        Purpose.DEBT,
        BILLING,
    ),
    BuiltinScenario(
        "payment_due",
        ("Приближается срок оплаты", "Наближається термін сплати", "A payment falls due"),
        Purpose.PAYMENT_DUE,
        BILLING,
    ),
    BuiltinScenario(
        "bill_issued",
        ("Выставлен счёт", "Виставлено рахунок", "A bill is issued"),
        Purpose.BILL,
        BILLING,
        lead_time=LeadTime("period_end", Counted.DAY_OF_NEXT_MONTH, days=5, strictness=Strictness.WARN),
    ),
    BuiltinScenario(
        "reconciliation",
        ("Приглашение на сверку", "Запрошення на звірку", "Invitation to a reconciliation"),
        Purpose.BILL,
        BILLING,
        lead_time=LeadTime("event_date", Counted.BEFORE, days=3, strictness=Strictness.WARN),
    ),
    BuiltinScenario(
        "restriction_warning",
        ("Предупреждение об ограничении", "Попередження про припинення", "Warning of a restriction"),
        Purpose.RESTRICTION_WARNING,
        BILLING,
        lead_time=LeadTime("event_date", Counted.BEFORE, days=20),
        basis=Basis.LEGAL_DUTY,
    ),
    BuiltinScenario(
        "restriction_notice",
        ("Уведомление об ограничении", "Повідомлення про припинення", "Notice of a restriction"),
        Purpose.RESTRICTION_WARNING,
        BILLING,
        basis=Basis.LEGAL_DUTY,
    ),
    BuiltinScenario(
        "tariff_change",
        ("Изменение тарифов и правил", "Зміна тарифів і правил", "Tariffs or rules change"),
        Purpose.TARIFF,
        SERVICE,
    ),
    BuiltinScenario(
        "tariff_menu",
        ("Тарифное меню на год", "Тарифне меню на рік", "Tariffs for the year"),
        Purpose.TARIFF,
        SERVICE,
    ),
    BuiltinScenario(
        "planned_outage",
        ("Плановое отключение", "Планове відключення", "Planned outage"),
        Purpose.OUTAGE,
        SUPPLY,
        channels=_ANY_CHANNEL,
        lead_time=LeadTime("event_date", Counted.BEFORE, days=10),
        basis=Basis.LEGAL_DUTY,
    ),
    BuiltinScenario(
        "emergency_outage",
        ("Аварийное отключение", "Аварійне відключення", "Emergency outage"),
        Purpose.OUTAGE,
        SUPPLY,
        policy_profile=EMERGENCY_OUTAGE.name,
        channels=_ANY_CHANNEL,
        priority="urgent",
    ),
    BuiltinScenario(
        "meter_visit",
        ("Плановое снятие показаний", "Планове зняття показань", "Meter reading visit"),
        Purpose.METER_READING,
        METERING,
    ),
    BuiltinScenario(
        "meter_readings",
        ("Передайте показания", "Передайте показання", "Please send your readings"),
        Purpose.METER_READING,
        METERING,
    ),
    BuiltinScenario(
        "contract_prolongation",
        ("Продление договора", "Продовження договору", "Contract prolongation"),
        Purpose.CONTRACT,
        CONTRACTS,
        channels=_ANY_CHANNEL,
        combination=Combination.ALL,  # written plus one more (requirement 47)
        lead_time=LeadTime("contract_end", Counted.BEFORE, months=2),
        basis=Basis.CONTRACT,
    ),
    BuiltinScenario(
        "contract_change",
        ("Предложение изменить договор", "Пропозиція змінити договір", "Proposal to change a contract"),
        Purpose.CONTRACT,
        CONTRACTS,
        lead_time=LeadTime("event_date", Counted.BEFORE, months=1),
        basis=Basis.CONTRACT,
    ),
    BuiltinScenario(
        "application_accepted",
        ("Заявка принята", "Заявку прийнято", "Application accepted"),
        Purpose.APPLICATION_STATUS,
        CONTRACTS,
        lead_time=LeadTime("application_date", Counted.AFTER, days=5, strictness=Strictness.WARN),
    ),
    BuiltinScenario(
        "application_documents",
        ("По заявке нужны документы", "За заявкою потрібні документи", "Documents are missing"),
        Purpose.APPLICATION_STATUS,
        CONTRACTS,
        lead_time=LeadTime("application_date", Counted.AFTER, days=5, strictness=Strictness.WARN),
        basis=Basis.CONTRACT,
    ),
    BuiltinScenario(
        "application_refused",
        ("Отказ по заявке", "Відмова за заявкою", "Application refused"),
        Purpose.APPLICATION_STATUS,
        CONTRACTS,
        lead_time=LeadTime("application_date", Counted.AFTER, days=30, strictness=Strictness.WARN),
        basis=Basis.LEGAL_DUTY,
    ),
    BuiltinScenario(
        "complaint_progress",
        ("Ход рассмотрения обращения", "Хід розгляду звернення", "Progress of a complaint"),
        Purpose.APPLICATION_STATUS,
        SERVICE,
    ),
    BuiltinScenario(
        "complaint_delay",
        ("Задержка ответа на обращение", "Затримка відповіді на звернення", "A complaint's answer is late"),
        Purpose.APPLICATION_STATUS,
        SERVICE,
        basis=Basis.LEGAL_DUTY,
    ),
    BuiltinScenario(
        "complaint_answer",
        ("Ответ на обращение", "Відповідь на звернення", "Answer to a complaint"),
        Purpose.APPLICATION_STATUS,
        SERVICE,
        basis=Basis.LEGAL_DUTY,
    ),
    BuiltinScenario(
        "satisfaction_survey",
        ("Опрос об обслуживании", "Опитування про обслуговування", "Satisfaction survey"),
        Purpose.SURVEY,
        SERVICE,
    ),
    BuiltinScenario(
        "correction",
        ("Исправление ошибочного сообщения", "Виправлення помилкового повідомлення", "Correction"),
        Purpose.DEBT,
        SERVICE,
    ),
)

BUILTIN: Final[Mapping[str, BuiltinScenario]] = MappingProxyType({one.name: one for one in _ALL})
