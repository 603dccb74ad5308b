"""The public page of wishes: what its holder may switch off and on, and what it never shows."""

import re

import pytest
from sqlalchemy import text

from consent.ledger import ConsentEntry, list_history, record_consent
from consent.permission import ask_permission
from consent.unsubscribe import UnsubscribeLink, UnsubscribeTokens
from dispatcher.core.ids import new_id
from dispatcher.web.public.link_limits import LinkLimits
from tests.integration.web.rows import add_contact

PHONE = "+79161234567"


@pytest.fixture
def household(services):
    """E-mail (debt, outage) and phone (debt by SMS) of one person."""
    with services.database.transaction() as session:
        email, phone = add_contact(session), new_id()
        session.execute(
            text(
                "INSERT INTO contact_point (id, person_id, kind, address, created_at)"
                " SELECT :phone, person_id, 'phone', :number, created_at FROM contact_point WHERE id = :email"
            ),
            {"phone": phone, "number": PHONE, "email": email},
        )
        for contact, channel, purpose in (
            (email, "email", "debt"),
            (email, "email", "outage"),
            (phone, "sms", "debt"),
        ):
            entry = ConsentEntry(channel, purpose, "given", "import", "test")
            record_consent(session, contact, entry, services.clock.now())
    return {"email": email, "phone": phone}


@pytest.fixture
def link(services, household):
    token = services.unsubscribe_tokens.make(UnsubscribeLink(household["email"], "email", "debt"))
    return f"/u/{token}"


def refusals(services, household) -> dict[tuple[str, str], str | None]:
    """What the claim would be told."""
    found = {}
    with services.database.transaction() as session:
        for kind, channel, purpose in (
            ("email", "email", "debt"),
            ("email", "email", "outage"),
            ("phone", "sms", "debt"),
            ("phone", "sms", "outage"),
        ):
            asked = ask_permission(
                session, [household[kind]], channel=channel, purpose=purpose, now=services.clock.now()
            )
            found[channel, purpose] = asked[household[kind]].refusal
    return found


def history(services, contact):
    with services.database.transaction() as session:
        return list_history(session, contact)


def form_of(page) -> dict[str, object]:
    """What a browser would send: the hidden fields and the ticked boxes of the form of wishes."""
    (body,) = re.findall(
        r'<form class="stack" method="post" action="[^"]*/wishes[^>]*>(.*?)</form>', page.text, re.S
    )
    return {
        "form": re.search(r'name="form" value="(\w+)"', body)[1],
        "shown": re.findall(r'name="shown" value="([^"]+)"', body),
        "wish": re.findall(r'name="wish" value="([^"]+)" checked', body),
    }


class TestPage:
    @pytest.mark.requirement(51, "purpose binding: a public page names kinds of messages and nobody's data")
    @pytest.mark.requirement(52, "account information only after identification: none on a public page")
    def test_shows_kinds_and_ways_and_no_address_name_account_or_sum(self, client, services, household, link):
        pages = [client.get(link), client.post(link)]
        pages += [client.get(f"{link}?said=all&lang={language}") for language in ("ru", "uk", "en")]
        for page in pages:
            assert page.status_code == 200
            for secret in ("maria", "example.org", "Иванова", PHONE, PHONE[-4:], str(household["email"])):
                assert secret not in page.text
            assert "set-cookie" not in page.headers
        assert "напоминания о задолженности" in pages[0].text
        assert "СМС" in pages[0].text
        assert "сообщения об отключениях" in pages[0].text
        assert "обязаны предупредить" in pages[0].text

    def test_whoever_only_looks_changes_nothing(self, client, services, household, link):
        before = refusals(services, household)
        for path in ("", "?said=all", "/all", "/wishes", "/again"):
            client.get(link + path)
            client.head(link + path)
        assert refusals(services, household) == before

    def test_its_first_button_stops_this_kind_over_this_channel_and_nothing_else(
        self, client, services, household, link
    ):
        client.post(link)
        assert refusals(services, household) == {
            ("email", "debt"): "consent_withdrawn",
            ("email", "outage"): None,
            ("sms", "debt"): None,
            ("sms", "outage"): "no_consent",
        }


class TestEverything:
    @pytest.mark.requirement(50, "free opt-out: from everything, over every channel")
    def test_the_second_button_stops_all_of_the_person(self, client, services, household, link):
        form = form_of(client.get(link))["form"]
        answer = client.post(f"{link}/all", data={"form": form})
        assert answer.status_code == 303
        assert "больше ничего не присылаем" in client.get(answer.headers["location"]).text
        assert set(refusals(services, household).values()) == {"consent_withdrawn"}
        assert {entry.source for entry in history(services, household["phone"])[1:]} == {"preference_page"}

    def test_twice_is_once(self, client, services, household, link):
        form = form_of(client.get(link))["form"]
        client.post(f"{link}/all", data={"form": form})
        entries = len(history(services, household["phone"]))
        client.post(f"{link}/all", data={"form": form})
        assert len(history(services, household["phone"])) == entries


class TestWishes:
    def test_ticks_are_made_so(self, client, services, household, link):
        form = form_of(client.get(link))
        assert form["wish"] == ["email:debt", "sms:debt", "email:outage"]
        client.post(f"{link}/wishes", data={**form, "wish": ["email:outage"]})
        now = refusals(services, household)
        assert now["email", "outage"] is None
        assert now["email", "debt"] == now["sms", "debt"] == "consent_withdrawn"
        assert form_of(client.get(link))["wish"] == ["email:outage"]

    def test_giving_again_is_an_entry_with_source_words_and_time(self, client, services, household, link):
        client.post(link)
        form = form_of(client.get(link))
        answer = client.post(f"{link}/again?lang=uk", data={"form": form["form"]})
        assert "надсилатимемо знову" in client.get(answer.headers["location"]).text
        last = history(services, household["email"])[-1]
        assert (last.action, last.source, last.text_version) == ("given", "web_form", "wishes-page.1.uk")
        assert last.recorded_by == "recipient"
        assert last.source_reference
        assert refusals(services, household)["email", "debt"] is None

    def test_a_permission_for_another_address_cannot_be_given_by_this_link(
        self, client, services, household, link
    ):
        form = form_of(client.get(link))
        client.post(f"{link}/all", data={"form": form["form"]})
        shown = form_of(client.get(link))
        assert not any(one.startswith("sms") for one in shown["shown"])
        client.post(f"{link}/wishes", data={**form, "wish": ["sms:debt", "email:debt", "email:nonsense"]})
        now = refusals(services, household)
        assert now["email", "debt"] is None
        assert now["sms", "debt"] == "consent_withdrawn"
        assert not any(
            one.purpose == "nonsense" or one.channel != "email"
            for one in history(services, household["email"])
        )

    def test_a_page_that_only_knows_everything_offers_each_kind(self, client, services):
        with services.database.transaction() as session:
            contact = add_contact(session)
            entry = ConsentEntry("email", "*", "given", "import", "test")
            record_consent(session, contact, entry, services.clock.now())
        link = "/u/" + services.unsubscribe_tokens.make(UnsubscribeLink(contact, "email", "*"))
        form = form_of(client.get(link))
        assert "email:outage" in form["shown"]
        assert "email:advertising" not in form["shown"]


class TestForms:
    @pytest.mark.parametrize("path", ["/all", "/again", "/wishes"])
    @pytest.mark.parametrize("form", ["", "0" * 64])
    def test_one_that_the_page_did_not_give_changes_nothing(
        self, client, services, household, link, path, form
    ):
        before = refusals(services, household)
        answer = client.post(link + path, data={"form": form, "shown": "email:debt"})
        assert answer.headers["location"].endswith("said=stale")
        assert "Ничего не изменено" in client.get(answer.headers["location"]).text
        assert refusals(services, household) == before

    def test_the_form_of_another_link_is_not_this_ones(self, client, services, household, link):
        other = "/u/" + UnsubscribeTokens(services.secret_key).make(
            UnsubscribeLink(household["phone"], "sms", "debt")
        )
        form = form_of(client.get(other))["form"]
        assert client.post(f"{link}/all", data={"form": form}).headers["location"].endswith("said=stale")

    def test_a_link_pressed_too_often_waits(self, client, services, household, link):
        client.app.state.link_limits = LinkLimits(presses=1)
        assert client.post(link).status_code == 200
        answer = client.post(link)
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "60"


class TestOldLinks:
    def test_after_a_correction_the_old_link_still_stops_what_the_person_gets_now(
        self, client, services, household, link
    ):
        from dispatcher.delivery.contact_correction import correct_contact

        with services.database.transaction() as session:
            made = correct_contact(
                session,
                household["email"],
                "new@example.org",
                reference="paper 7",
                actor="test",
                now=services.clock.now(),
            )
        page = client.get(link)
        client.post(f"{link}/all", data={"form": form_of(page)["form"]})
        with services.database.transaction() as session:
            asked = ask_permission(
                session, [made.contact_point_id], channel="email", purpose="debt", now=services.clock.now()
            )
        assert asked[made.contact_point_id].refusal == "consent_withdrawn"
