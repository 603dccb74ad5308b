"""Deciding about runs by the pages: approve, reject, extend, send again, correct."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from dispatcher.core.ids import new_id
from dispatcher.core.staff import StaffRole
from tests.factories import row
from tests.integration.web.api_client import list_file
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.list_pages import upload_list
from tests.integration.web.rows import add_run
from tests.integration.web.test_list_pages import campaign_fields

_RUN = text(
    "SELECT state, state_reason, ends_at, approved_by, kind, recipient_count FROM run WHERE id = :run"
)
_NOTICES = text(
    """
    INSERT INTO notice (period, id, run_id, recipient_id, person_id, state, created_at)
    SELECT r.period, gen_random_uuid(), r.id, p.id, p.person_id,
           CASE p.position WHEN 1 THEN 'failed' WHEN 2 THEN 'unknown' ELSE 'notified' END, :now
    FROM run r JOIN recipient p ON p.list_id = r.list_id WHERE r.id = :run
    """
)
_CLOSE = text("UPDATE run SET state = 'closed', planned_position = recipient_count WHERE id = :run")
_COUNT = text(
    """
    INSERT INTO progress (run_id, kind, channel, state, reason, shard, count)
    SELECT run_id, 'notice', '', state, '', 0, count(*) FROM notice WHERE run_id = :run GROUP BY run_id, state
    """
)


def of(services, run):
    with services.database.transaction() as session:
        return session.execute(_RUN, {"run": str(run).rsplit("/", 1)[-1]}).one()


def post(client, run, action, **fields: str):
    return client.post(f"{run}/{action}", data={"csrf_token": csrf(client), **fields})


@pytest.fixture
def waiting(client, services):
    """A run that waits for an approver, made by the operator."""
    sign_in(client)
    upload_list(client, list_file(row(1), row(2), row(3)))
    run = client.post("/campaigns", data=campaign_fields(client, needs_approval="yes")).headers["location"]
    make_staff(services, "approver", StaffRole.APPROVER)
    return run


@pytest.fixture
def closed(client, services):
    """A run that is over: one was not reached, one perhaps, one was told."""
    sign_in(client)
    upload_list(client, list_file(row(1), row(2), row(3)))
    run = client.post("/campaigns", data=campaign_fields(client)).headers["location"]
    with services.database.transaction() as session:
        values = {"run": run.rsplit("/", 1)[-1], "now": datetime.now(UTC)}
        for statement in (_NOTICES, _CLOSE, _COUNT):
            session.execute(statement, values)
    return run


class TestReject:
    @pytest.mark.requirement(55, "role responsibility")
    def test_a_reason_is_asked_for_and_shown_to_the_author(self, client, services, waiting):
        sign_in(client, "approver")
        assert "Причину увидит автор" in client.get(f"{waiting}/reject").text
        answer = post(client, waiting, "reject", reason="  ")
        assert answer.status_code == 422
        assert "Напишите, почему" in answer.text
        post(client, waiting, "reject", reason="Долг за октябрь\r\nуже списан")
        assert of(services, waiting).state == "rejected"
        sign_in(client)
        assert "Долг за октябрь  уже списан" in client.get(waiting).text

    def test_an_operator_may_not(self, client, services, waiting):
        assert f"{waiting}/approve" not in client.get(waiting).text
        assert post(client, waiting, "reject", reason="нет").status_code == 403
        assert of(services, waiting).state == "awaiting_approval"


class TestApprove:
    def test_never_by_the_author(self, client, services):
        make_staff(services, "chief", StaffRole.ADMINISTRATOR)
        sign_in(client, "chief")
        upload_list(client, list_file(row(1)))
        run = client.post("/campaigns", data=campaign_fields(client, needs_approval="yes")).headers[
            "location"
        ]
        post(client, run, "approve")
        assert "другой сотрудник" in client.get(run).text
        assert of(services, run).approved_by is None

    @pytest.mark.parametrize("shown", [{"generation": "0"}, {}])
    def test_what_has_changed_since_it_was_shown_is_not_approved(self, client, services, waiting, shown):
        sign_in(client, "approver")
        post(client, waiting, "approve", **shown)
        assert "изменилось, пока вы смотрели" in client.get(waiting).text
        assert of(services, waiting).state == "awaiting_approval"


class TestExtend:
    @pytest.fixture
    def run(self, services):
        with services.database.transaction() as session:
            return f"/runs/{add_run(session)}"

    def test_moves_the_end(self, client, services, run):
        sign_in(client)
        before = of(services, run).ends_at
        end = before + timedelta(days=1)
        assert "Продлить срок?" in client.get(f"{run}/extend").text
        post(client, run, "extend", ends_at=end.isoformat(timespec="minutes"))
        assert of(services, run).ends_at == end.replace(second=0, microsecond=0)
        assert "Срок продлён." in client.get(run).text

    @pytest.mark.parametrize(
        ("ends_at", "words"), [("2026-01-01T00:00", "только отодвинуть"), ("скоро", "не дата и время")]
    )
    def test_an_earlier_end_is_refused_beside_what_was_typed(self, client, services, run, ends_at, words):
        sign_in(client)
        before = of(services, run).ends_at
        answer = post(client, run, "extend", ends_at=ends_at)
        assert answer.status_code == 422
        assert words in answer.text
        assert of(services, run).ends_at == before


class TestFirstCount:
    def test_the_rest_is_released_by_a_button_that_says_so(self, client, services):
        with services.database.transaction() as session:
            run = f"/runs/{add_run(session, state='paused', reason='first_sent')}"
        sign_in(client)
        assert "Отправить остальным" in client.get(run).text
        post(client, run, "resume")
        assert of(services, run).state == "running"


class TestFollowers:
    def test_a_resend_takes_exactly_those_not_reached(self, client, services, closed):
        page = client.get(f"{closed}/resend").text
        assert "не удалось" in page
        assert "неизвестно, дошло ли (1)" in page
        ends_at = campaign_fields(client)["ends_at"]
        made = post(client, closed, "resend", ends_at=ends_at).headers["location"]
        assert (of(services, made).kind, of(services, made).recipient_count) == ("resend", 1)
        shown = client.get(made).text
        assert "повтор не уведомлённым" in shown
        assert closed in shown
        assert "Запуск создан." in shown

    def test_those_in_doubt_are_taken_when_staff_say_so(self, client, services, closed):
        ends_at = campaign_fields(client)["ends_at"]
        made = post(client, closed, "resend", ends_at=ends_at, unknown="yes").headers["location"]
        assert of(services, made).recipient_count == 2

    def test_a_correction_goes_to_everybody_who_may_have_been_told(self, client, services, closed):
        ends_at = campaign_fields(client)["ends_at"]
        made = post(client, closed, "correct", ends_at=ends_at).headers["location"]
        assert (of(services, made).kind, of(services, made).recipient_count) == ("correction", 2)

    def test_a_second_one_is_refused_in_words(self, client, closed):
        ends_at = campaign_fields(client)["ends_at"]
        post(client, closed, "resend", ends_at=ends_at)
        answer = post(client, closed, "resend", ends_at=ends_at)
        assert answer.status_code == 422
        assert "уже создан" in answer.text

    def test_a_run_that_goes_on_has_no_followers_yet(self, client, services):
        sign_in(client)
        with services.database.transaction() as session:
            run = f"/runs/{add_run(session)}"
        ends_at = campaign_fields(client)["ends_at"]
        answer = post(client, run, "resend", ends_at=ends_at)
        assert answer.status_code == 422
        assert "состоянии «идёт»" in answer.text
        assert f"{run}/resend" not in client.get(run).text

    @pytest.mark.parametrize("action", ["resend", "correct", "extend", "reject"])
    def test_a_forged_form_and_an_auditor_change_nothing(self, client, services, closed, action):
        assert client.post(f"{closed}/{action}", data={"csrf_token": "0"}).status_code == 403
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        assert client.get(f"{closed}/{action}").status_code == 403
        assert post(client, closed, action).status_code == 403

    def test_an_unknown_run_is_a_page_that_says_so(self, client):
        sign_in(client)
        for action in ("extend", "resend", "check", "reject"):
            assert client.get(f"/runs/{new_id()}/{action}").status_code == 404
