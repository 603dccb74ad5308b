"""Keys of other systems: what the database keeps of them, and who they let in."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from dispatcher.core.api_keys import (
    PREFIX,
    ApiKeyError,
    Scope,
    UnknownApiKeyError,
    create_api_key,
    find_client,
    list_api_keys,
    revoke_api_key,
)
from dispatcher.core.staff import StaffMember, StaffRole, add_staff, get_staff, set_active

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def make(session, **changes) -> str:
    values = {
        "name": "billing",
        "scopes": {Scope.LISTS_READ, Scope.CAMPAIGNS_READ},
        "expires_at": NOW + timedelta(days=30),
    }
    return create_api_key(session, **(values | changes), actor="cli:test", now=NOW)


class TestCreate:
    def test_the_token_opens_what_its_scopes_name(self, database):
        with database.transaction() as session:
            client = find_client(session, make(session), NOW)
        assert (client.name, client.actor) == ("billing", "api:billing")
        assert client.scopes == {"lists:read", "campaigns:read"}

    def test_the_database_holds_no_token(self, database):
        with database.transaction() as session:
            token = make(session)
            kept = session.execute(text("SELECT to_jsonb(k)::text FROM api_key k")).scalar_one()
            said = session.execute(text("SELECT to_jsonb(a)::text FROM audit_event a")).scalar_one()
        assert token.startswith(PREFIX)
        assert token not in kept + said
        assert "api_key.created" in said

    @pytest.mark.parametrize(
        "changes", [{"name": "Биллинг"}, {"name": ""}, {"scopes": set()}, {"expires_at": NOW}]
    )
    def test_an_unfit_one_is_refused(self, database, changes):
        with pytest.raises(ApiKeyError), database.transaction() as session:
            make(session, **changes)

    def test_a_name_is_given_once_even_after_it_was_revoked(self, database):
        with database.transaction() as session:
            make(session)
            revoke_api_key(session, name="billing", actor="cli:test", now=NOW)
            with pytest.raises(ApiKeyError, match="taken"):
                make(session)


class TestApproving:
    @pytest.fixture
    def anna(self, database) -> StaffMember:
        with database.transaction() as session:
            add_staff(
                session,
                login="anna",
                full_name="Анна",
                role=StaffRole.APPROVER,
                password="long enough for tests",
                actor="cli:test",
                now=NOW,
            )
            return get_staff(session, "anna")[0]

    def test_a_key_that_approves_is_one_persons(self, database, anna):
        with database.transaction() as session:
            token = make(session, scopes={Scope.CAMPAIGNS_APPROVE}, approver=anna)
            assert find_client(session, token, NOW).approver == anna
            assert list_api_keys(session)[0].approver == "anna"

    @pytest.mark.parametrize(
        ("scopes", "is_bound"),
        [
            ({Scope.CAMPAIGNS_APPROVE}, False),
            ({Scope.CAMPAIGNS_READ}, True),
            ({Scope.CAMPAIGNS_APPROVE, Scope.CAMPAIGNS_WRITE}, True),
        ],
    )
    def test_approving_goes_with_a_person_and_not_with_making(self, database, anna, scopes, is_bound):
        with pytest.raises(ApiKeyError), database.transaction() as session:
            make(session, scopes=scopes, approver=anna if is_bound else None)

    def test_it_opens_nothing_once_the_person_may_not_sign_in(self, database, anna):
        with database.transaction() as session:
            token = make(session, scopes={Scope.CAMPAIGNS_APPROVE}, approver=anna)
            set_active(session, login="anna", is_active=False, actor="cli:test", now=NOW)
            assert find_client(session, token, NOW) is None
            gone = get_staff(session, "anna")[0]
            with pytest.raises(ApiKeyError):
                make(session, name="again", scopes={Scope.CAMPAIGNS_APPROVE}, approver=gone)


class TestFind:
    def test_an_expired_one_opens_nothing(self, database):
        with database.transaction() as session:
            token = make(session)
            assert find_client(session, token, NOW + timedelta(days=30)) is None

    def test_a_revoked_one_opens_nothing(self, database):
        with database.transaction() as session:
            token = make(session)
            revoke_api_key(session, name="billing", actor="cli:test", now=NOW)
            assert find_client(session, token, NOW) is None
            assert list_api_keys(session)[0].revoked_at == NOW
            with pytest.raises(UnknownApiKeyError):
                revoke_api_key(session, name="billing", actor="cli:test", now=NOW)

    def test_an_unknown_one_opens_nothing(self, database):
        with database.transaction() as session:
            assert find_client(session, PREFIX + "x", NOW) is None
