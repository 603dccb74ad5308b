"""What the migrations make is what the models say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from dispatcher.core.db import Base, Database
from dispatcher.migrations.catalogue import ALL_MODELS, is_ours
from dispatcher.migrations.migrate import is_current, migrate


class TestSchema:
    def test_models_match_migrations(self, database: Database) -> None:
        assert ALL_MODELS
        with database.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"include_name": is_ours, "compare_server_default": False}
            )
            assert compare_metadata(context, Base.metadata) == []

    def test_migrating_twice_changes_nothing(self, database: Database) -> None:
        migrate(database.engine)
        assert is_current(database.engine)
