"""`dispatcher person …` and `dispatcher contact …`, and that no list undoes what they did."""

from datetime import timedelta
from uuid import UUID

import pytest

from consent.ledger import ConsentEntry, record_consent
from consent.permission import ask_permission
from tests.engine import Engine
from tests.factories import NOON, make_campaign, make_list, row

UNTIL = NOON + timedelta(days=30)


@pytest.fixture
def ivanov(engine: Engine, ask):
    """A person with an account, an address and a number."""
    make_list(engine.application, [row(1)])
    [found] = ask("person", "show", "0000000001")["persons"]
    return found


def email_of(person) -> str:
    [found] = [one["id"] for one in person["contacts"] if one["kind"] == "email"]
    return str(found)


class TestShow:
    def test_finds_by_account_address_and_id_and_the_look_is_on_record(
        self, engine, ivanov, ask, run, refuse
    ):
        for wanted in ("person1@example.org", ivanov["id"], "A000001", "+79000000001"):
            assert [one["id"] for one in ask("person", "show", wanted)["persons"]] == [ivanov["id"]]
        assert ivanov["accounts"][0]["number"] == "0000000001"
        email = next(one for one in ivanov["contacts"] if one["kind"] == "email")
        assert email["consents"] == [{"channel": "email", "purpose": "debt", "action": "given"}]
        assert "email debt: given" in run("person", "show", "0000000001")
        looks = engine.sql("SELECT actor, subject_id FROM audit_event WHERE action = 'person.viewed'")
        assert len(looks) == 6
        assert {tuple(look) for look in looks} == {("cli:olga", ivanov["id"])}
        assert "import a list" in refuse("person", "show", "nobody@example.org")


class TestEdit:
    @pytest.mark.requirement(57, "vulnerable groups: staff know better than a list, and it is on record")
    @pytest.mark.requirement(62, "client groups 1/2/3: staff put a client into the right one")
    def test_what_staff_change_no_list_changes_back_and_letters_carry_it(self, engine, ivanov, ask):
        said = ask(
            *("person", "edit", ivanov["id"], "--group", "3", "--vulnerable", "--channel", "sms"),
            *("--name", "ООО «Верное имя»"),
        )
        assert len(said["changed"]) == 4
        make_list(engine.application, [row(1, name="Неверное имя", group="1")])
        [person] = ask("person", "show", ivanov["id"])["persons"]
        assert (person["customer_group"], person["is_vulnerable"], person["preferred_channel"]) == (
            3,
            True,
            "sms",
        )
        [listed] = engine.sql(
            "SELECT r.full_name, r.customer_group FROM recipient r JOIN recipient_list l ON l.id = r.list_id"
            " WHERE l.version = 2"
        )
        assert tuple(listed) == ("ООО «Верное имя»", 3)

    def test_the_record_has_before_and_after_but_no_personal_data(self, engine, ivanov, ask):
        ask("person", "edit", ivanov["id"], "--group", "2", "--name", "Тайное Имя")
        [event] = engine.sql("SELECT * FROM audit_event WHERE action = 'person.changed'")
        assert (event.actor, event.before) == ("cli:olga", {"customer_group": 1})
        assert event.after == {"fields": ["customer_group", "full_name"], "customer_group": 2}
        assert "Тайное" not in str(event)

    def test_a_wish_can_be_taken_back(self, ivanov, ask):
        ask("person", "edit", ivanov["id"], "--channel", "voice")
        ask("person", "edit", ivanov["id"], "--channel", "none")
        assert ask("person", "show", ivanov["id"])["persons"][0]["preferred_channel"] is None

    @pytest.mark.parametrize(
        "wrong",
        [("--group", "4"), ("--channel", "fax"), ("--language", "de"), ("--name", " "), ()],
    )
    def test_what_there_is_not_is_refused_and_changes_nothing(self, engine, ivanov, refuse, wrong):
        before = engine.sql("SELECT * FROM person")
        assert len(refuse("person", "edit", ivanov["id"], *wrong)) > 20
        assert engine.sql("SELECT * FROM person") == before
        assert engine.sql("SELECT 1 FROM audit_event WHERE action = 'person.changed'") == []


class TestContact:
    @pytest.mark.requirement(53, "Contact data are actualised: staff confirm an address")
    def test_a_confirmed_address_stays_preferred_over_what_a_list_brings(self, engine, ivanov, ask, run):
        assert ask("contact", "confirm", email_of(ivanov))["confirmed"] is True
        make_list(engine.application, [row(1, email="other@example.org")])
        preferred = engine.sql(
            "SELECT c.address FROM recipient r JOIN contact_point c ON c.id = r.email_contact_id"
            " JOIN recipient_list l ON l.id = r.list_id WHERE l.version = 2"
        )
        assert [one.address for one in preferred] == ["person1@example.org"]
        assert "подтверждён" in run("person", "show", ivanov["id"])

    @pytest.mark.requirement(53, "Contact data are actualised: a wrong address is corrected")
    def test_a_corrected_address_is_written_to_and_the_wrong_one_never_again(self, engine, ivanov, ask):
        run_id = make_campaign(engine.application).run_id
        said = ask(
            *("contact", "correct", email_of(ivanov), " Right@Пример.РФ ", "--reference", "заявление 17")
        )
        assert (said["consents"], said["in_flight"]) == (1, 0)
        engine.start(run_id)
        assert engine.finish(run_id) == {"blocked": 1}
        make_list(engine.application, [row(1)])
        again = make_campaign(engine.application).run_id
        engine.start(again)
        assert engine.finish(again) == {"notified": 1}
        assert engine.email.addresses() == ["Right@xn--e1afmkfd.xn--p1ai"]

    @pytest.mark.requirement(12, "only to addresses given voluntarily")
    def test_without_a_document_nothing_goes_to_the_new_address(self, engine, ivanov, ask, run):
        assert ask("contact", "correct", email_of(ivanov), "right@example.org")["consents"] == 0
        make_list(engine.application, [row(1)])
        run_id = make_campaign(engine.application).run_id
        engine.start(run_id)
        assert engine.finish(run_id) == {"blocked": 1}
        assert engine.email.addresses() == []

    @pytest.mark.parametrize(
        ("ledger", "permitted"),
        [
            ([("debt", "given", None), ("*", "withdrawn", None)], {}),
            ([("*", "given", None), ("debt", "withdrawn", None)], {"outage": None}),
            ([("*", "withdrawn", None), ("outage", "given", None)], {"outage": None}),
            ([("debt", "given", UNTIL)], {"debt": UNTIL}),
        ],
    )
    def test_the_new_address_is_permitted_no_more_than_the_old_one_was(
        self, engine, ivanov, ask, ledger, permitted
    ):
        for purpose, action, until in ledger:
            entry = ConsentEntry("email", purpose, action, "staff", "olga", valid_until=until)
            with engine.application.database.transaction() as session:
                record_consent(session, UUID(email_of(ivanov)), entry, engine.now())
        fresh = ask("contact", "correct", email_of(ivanov), "right@example.org", "--reference", "17")
        for purpose in ("debt", "outage"):
            for moment in (engine.now(), UNTIL):
                with engine.application.database.transaction() as session:
                    [asked] = ask_permission(
                        session, [UUID(fresh["contact_id"])], channel="email", purpose=purpose, now=moment
                    ).values()
                is_over = permitted.get(purpose) == moment
                assert asked.is_consented is (purpose in permitted and not is_over)

    def test_nonsense_is_refused_and_changes_nothing(self, engine, ivanov, refuse):
        before = engine.sql("SELECT * FROM contact_point ORDER BY id")
        for wrong in ("not an address", "person1@example.org", "+7 900 000-00-09", "a@b@c"):
            assert len(refuse("contact", "correct", email_of(ivanov), wrong)) > 20
        assert engine.sql("SELECT * FROM contact_point ORDER BY id") == before
        assert engine.sql("SELECT 1 FROM consent_event WHERE action = 'withdrawn'") == []
        refuse("contact", "confirm", ivanov["id"])


class TestConsents:
    def test_a_file_of_statements_is_taken_and_the_ledger_tells_then_from_now(
        self, engine, ivanov, ask, run, tmp_path
    ):
        path = tmp_path / "consents.csv"
        path.write_text(
            "E-mail;Цель;Источник;Документ;Действует с\n"
            "person1@example.org;outage;paper;бланк 1;01.02.2026\n"
            "person1@example.org;outage;paper;;\n",
            "utf-8",
        )
        done = ask("consent", "import", path, "--rejected", tmp_path / "bad.csv")
        assert (done["taken"], done["rejected"]) == (1, 1)
        assert "Причина" in (tmp_path / "bad.csv").read_text("utf-8-sig")
        assert "было и раньше: 1" in run("consent", "import", path)

        def outages(*more: str) -> bool:
            [contact] = ask("consent", "show", "person1@example.org", *more)["contacts"]
            [found] = [
                one["is_permitted"]
                for one in contact["standings"]
                if (one["channel"], one["purpose"]) == ("email", "outage")
            ]
            return bool(found)

        assert outages()
        assert not outages("--at", "2026-01-31 12:00")
        stopped = ask("consent", "stop", "--person", ivanov["id"], "--source", "call")
        assert stopped == {"in_flight": 0, "attempts": []}
        assert not outages()
        assert "можно" not in run("consent", "show", "person1@example.org")
        assert outages("--at", "2026-03-01 12:00")


class TestStale:
    @pytest.mark.requirement(53, "contacts not confirmed for long are listed, and written to a file")
    def test_what_nobody_confirmed_for_a_year_is_listed(self, engine, ivanov, ask, run, tmp_path):
        assert ask("contact", "stale")["contacts"] == []
        engine.advance(days=400)
        assert len(ask("contact", "stale")["contacts"]) == 2
        run("contact", "confirm", email_of(ivanov))
        [left] = ask("contact", "stale", "--csv", tmp_path / "stale.csv")["contacts"]
        assert left["address"] == "+79000000001"
        assert "+79000000001" in (tmp_path / "stale.csv").read_text("utf-8-sig")
        assert "подтверждён никогда" in run("contact", "stale", "--months", "13")
