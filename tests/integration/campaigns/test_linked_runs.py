"""Resend to those not reached, and a correction to everybody already told."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from campaigns.errors import CampaignError, LinkedRunError
from campaigns.linked_runs import NewLinkedRun, correct_run, resend_run
from campaigns.service import CreatedCampaign
from channels.port import ChannelKind, OutcomeKind
from dispatcher.delivery.errors import UnknownRunError
from dispatcher.delivery.withdrawal import withdraw_consent
from tests.engine import Engine
from tests.factories import contact_of, make_campaign, make_list, row, rows


def link(
    engine: Engine, make: Callable[..., CreatedCampaign], parent: UUID, days: float = 2, **changes: Any
) -> CreatedCampaign:
    application = engine.application
    names = {"include_unknown", "include_blocked", "scenario"} & changes.keys()
    choices = {name: changes.pop(name) for name in names}
    wanted = NewLinkedRun(engine.now(), engine.now() + timedelta(days=days), **changes)
    return application.database.run(
        lambda session: make(
            session,
            parent,
            wanted,
            delivery=application.settings.delivery,
            calendar=application.calendar.read(session),
            actor="staff:olga",
            now=engine.now(),
            **choices,
        )
    )


def closed_run(engine: Engine) -> UUID:
    """1 told, 2 refused, 3 unknown, 4 without consent, 5 told."""
    make_list(engine.application, [row(1), row(2), row(3), row(4, consent="нет"), row(5)])
    engine.email.answer("person2@example.org", OutcomeKind.PERMANENT, OutcomeKind.ACCEPTED)
    engine.email.answer("person3@example.org", OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED)
    run = engine.start(make_campaign(engine.application).run_id)
    assert engine.finish(run) == {"notified": 2, "failed": 1, "unknown": 1, "blocked": 1}
    engine.email.sent.clear()
    return run


def told(engine: Engine, made: CreatedCampaign) -> list[str]:
    engine.round()
    engine.finish(made.run_id)
    return sorted(engine.email.addresses())


class TestResend:
    def test_it_goes_to_exactly_those_who_were_not_reached(self, engine: Engine) -> None:
        made = link(engine, resend_run, closed_run(engine))
        assert made.recipient_count == 1
        assert told(engine, made) == ["person2@example.org"]

    def test_the_doubtful_and_the_forbidden_only_when_staff_say_so(self, engine: Engine) -> None:
        made = link(engine, resend_run, closed_run(engine), include_unknown=True, include_blocked=True)
        assert made.recipient_count == 3
        assert told(engine, made) == ["person2@example.org", "person3@example.org"]

    @pytest.mark.requirement(8, "Store notification lists")
    def test_it_is_linked_and_says_whence_its_list_comes(self, engine: Engine) -> None:
        parent = closed_run(engine)
        made = link(engine, resend_run, parent)
        run = engine.run(made.run_id)
        assert (run.kind, run.parent_run_id, run.number) == ("resend", parent, 2)
        (found,) = engine.sql("SELECT * FROM recipient_list WHERE id = :list", list=run.list_id)
        assert (found.state, found.recipient_count) == ("frozen", 1)
        assert found.source == {"derived_from_run": str(parent), "states": ["expired", "failed", "stopped"]}

    def test_who_withdrew_in_between_is_not_told(self, engine: Engine) -> None:
        made = link(engine, resend_run, closed_run(engine))
        contact = contact_of(engine.application, "person2@example.org")
        engine.application.database.run(
            lambda s: withdraw_consent(
                s,
                contact,
                channel="email",
                purpose="*",
                source="staff",
                recorded_by="x",
                now=engine.now(),
            )
        )
        assert told(engine, made) == []

    def test_two_clicks_make_one(self, engine: Engine) -> None:
        parent = closed_run(engine)
        results: list[object] = []

        def click() -> None:
            try:
                results.append(link(engine, resend_run, parent))
            except LinkedRunError as error:
                results.append(error)

        threads = [threading.Thread(target=click) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(type(one).__name__ for one in results) == [
            "CreatedCampaign",
            "LinkedRunError",
            "LinkedRunError",
        ]

    def test_it_may_go_over_another_channel(self, engine: Engine) -> None:
        made = link(engine, resend_run, closed_run(engine), channels=(ChannelKind.SMS,))
        engine.round()
        engine.finish(made.run_id)
        assert engine.sms.addresses() == ["+79000000002"]
        assert engine.email.sent == []

    def test_after_it_is_over_nobody_whom_it_reached_is_told_once_more(self, engine: Engine) -> None:
        parent = closed_run(engine)
        told(engine, link(engine, resend_run, parent))
        with pytest.raises(LinkedRunError, match="nobody"):
            link(engine, resend_run, parent)
        again = link(engine, resend_run, parent, include_unknown=True)
        assert again.recipient_count == 1

    def test_only_once_it_is_known_who_was_reached(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        with pytest.raises(LinkedRunError, match="running"):
            link(engine, resend_run, run)
        with pytest.raises(UnknownRunError):
            link(engine, resend_run, uuid4())

    def test_a_derivation_that_is_cut_off_leaves_nothing(self, engine: Engine) -> None:
        parent = closed_run(engine)
        application = engine.application

        def cut_off(session: Any) -> None:
            resend_run(
                session,
                parent,
                NewLinkedRun(engine.now(), engine.now() + timedelta(days=1)),
                delivery=application.settings.delivery,
                calendar=application.calendar.read(session),
                actor="staff:olga",
                now=engine.now(),
            )
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            application.database.run(cut_off)
        assert engine.sql("SELECT count(*) FROM recipient_list")[0].count == 1
        assert engine.sql("SELECT count(*) FROM recipient")[0].count == 5
        assert told(engine, link(engine, resend_run, parent)) == ["person2@example.org"]

    def test_a_window_in_the_past_is_refused_and_leaves_nothing(self, engine: Engine) -> None:
        parent = closed_run(engine)
        with pytest.raises(CampaignError):
            link(engine, resend_run, parent, days=-1)
        assert engine.sql("SELECT count(*) FROM recipient_list")[0].count == 1

    def test_more_than_a_slice_is_derived_whole(self, engine: Engine) -> None:
        make_list(engine.application, rows(1500))
        run = make_campaign(engine.application, lasts=timedelta(hours=1)).run_id
        engine.set_time(engine.now() + timedelta(hours=2))
        assert engine.finish(run) == {"expired": 1500}
        made = link(engine, resend_run, run)
        assert made.recipient_count == 1500
        engine.round()
        assert engine.finish(made.run_id) == {"notified": 1500}


class TestCorrection:
    def test_everybody_who_may_have_read_the_wrong_text_gets_the_right_one(self, engine: Engine) -> None:
        parent = closed_run(engine)
        made = link(engine, correct_run, parent)
        assert told(engine, made) == [f"person{number}@example.org" for number in (1, 3, 5)]
        letter = engine.email.sent[0]
        assert letter.subject.startswith("Исправление")
        assert engine.run(made.run_id).kind == "correction"
        assert engine.run(made.run_id).purpose == "debt"

    def test_it_may_go_over_another_channel(self, engine: Engine) -> None:
        made = link(engine, correct_run, closed_run(engine), channels=(ChannelKind.SMS,))
        engine.round()
        engine.finish(made.run_id)
        assert engine.sms.addresses() == ["+79000000001", "+79000000003", "+79000000005"]

    def test_a_resend_and_a_correction_of_one_run_go_together(self, engine: Engine) -> None:
        parent = closed_run(engine)
        link(engine, resend_run, parent)
        link(engine, correct_run, parent)
        with pytest.raises(LinkedRunError, match="not over"):
            link(engine, correct_run, parent)

    def test_it_needs_the_same_approval_as_its_parent(self, engine: Engine) -> None:
        made = link(engine, correct_run, closed_run(engine), needs_approval=True)
        assert made.state == "awaiting_approval"
