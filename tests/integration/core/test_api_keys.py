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
