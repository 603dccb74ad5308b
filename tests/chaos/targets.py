"""The kinds of rounds: what is prepared, over which list, and when which strike falls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tests.chaos.bystanders import AMBUSH, begin_import, kill_import
from tests.chaos.callback_storm import kill_web_in_storm
from tests.chaos.house import House, Mail
from tests.chaos.mail_strikes import cut_wire, hang_reserve, kill_both, kill_reserve, refuse_by_reserve
from tests.chaos.strikes import (
    Strike,
    end_up,
    end_worker,
    flush_redis,
    freeze_worker,
    kill_all_workers,
    kill_bounces_in_storm,
    kill_leader,
    kill_role,
    kill_server,
    kill_tree,
    kill_up,
    kill_urgent,
    kill_worker,
)

AT_ONCE: Final = (0.0, 0.0)
EARLY: Final = (0.02, 0.2)  #: what goes on until the end needs something left to happen to
LATE: Final = (0.5, 0.9)  #: where everything has to be started again, which takes its own time


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of round."""

    name: str
    strike: Strike | None  #: None: a control round in which nothing happens
    recipients: str = "plain"
    priority: str = "bulk"
    on_unknown: str = "leave"
    prepare: Callable[[House], None] = lambda house: None
    #: how much of the run is let through first; 0: it is still being fanned out then
    part_before: tuple[float, float] = (0.02, 0.6)
    mail: Mail = Mail.ONE  #: what stands on the provider's side: rounds with the same share a house


def _second_scheduler(house: House) -> None:
    house.start_extra("scheduler")


TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {
        target.name: target
        for target in (
            Target("worker 1", kill_worker(0)),
            Target("worker 2", kill_worker(1)),
            Target("urgent worker", kill_urgent, priority="urgent"),
            Target("all workers", kill_all_workers),
            Target("scheduler", kill_role("scheduler"), part_before=AT_ONCE),
            Target("web", kill_role("web")),
            Target("bounce listener", kill_role("bounces")),
            Target("two schedulers", kill_leader, prepare=_second_scheduler, part_before=AT_ONCE),
            Target("up", kill_up, part_before=LATE),
            Target("whole tree", kill_tree, part_before=LATE),
            Target("up ended", end_up, part_before=LATE),
            Target("postgres", kill_server("postgres")),
            Target("valkey", kill_server("valkey")),
            Target("valkey flushed", flush_redis),
            Target("silent provider", kill_worker(0), recipients="silent", mail=Mail.SILENT),
            Target(
                "resend once",
                kill_all_workers,
                recipients="doubtful",
                on_unknown="resend_once",
            ),
            Target("worker ended", end_worker),
            Target("worker frozen", freeze_worker),
            Target("bounce storm", kill_bounces_in_storm),
            Target("import", kill_import, prepare=begin_import, part_before=EARLY),
            Target("fan-out", AMBUSH.strike, prepare=AMBUSH.prepare, part_before=AT_ONCE),
            Target("nothing", None),
            Target("wire cut", cut_wire, mail=Mail.CUT, part_before=EARLY),
            Target("wire cut, BDAT", cut_wire, mail=Mail.CUT_CHUNKS, part_before=EARLY),
            Target("one server dies", kill_reserve, mail=Mail.TWO, part_before=EARLY),
            Target("one server hangs", hang_reserve, mail=Mail.TWO, part_before=EARLY),
            Target("one server refuses", refuse_by_reserve, mail=Mail.TWO, part_before=EARLY),
            Target("server dies, worker too", kill_both, mail=Mail.TWO, part_before=EARLY),
            Target("SMS: worker", kill_worker(0), recipients="texts", mail=Mail.SMSC),
            Target("SMS: web", kill_role("web"), recipients="texts", mail=Mail.SMSC, part_before=EARLY),
            Target("SMS: worker frozen", freeze_worker, recipients="texts", mail=Mail.SMSC),
            Target("SMS: postgres", kill_server("postgres"), recipients="texts", mail=Mail.SMSC),
            Target(
                "SMS: resend once",
                kill_all_workers,
                recipients="texts",
                on_unknown="resend_once",
                mail=Mail.SMSC,
                part_before=EARLY,
            ),
            Target(
                "SMS: callback storm",
                kill_web_in_storm,
                recipients="texts",
                mail=Mail.SMSC,
                part_before=(0.2, 0.5),
            ),
        )
    }
)
