"""What the migrations make is what the models say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from dispatcher.core.db import Base, Database
from dispatcher.embedded.ownership import ServerAddresses
from dispatcher.migrations.catalogue import ALL_MODELS, is_ours
from dispatcher.migrations.current import is_current
from dispatcher.migrations.migrate import migrate
from tests.servers import create_database, drop_database


class TestSchema:
    def test_models_match_migrations(self, servers: ServerAddresses) -> None:
        """On a database without partitions: PostgreSQL gives every partition keys of its own."""
        assert ALL_MODELS
        url = create_database(servers.database_url, "fresh")
        database = Database(url)
        migrate(database.engine)
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_name": is_ours})
            differences = compare_metadata(context, Base.metadata)
        database.close()
        drop_database(servers.database_url, url)
        assert differences == []

    def test_migrating_twice_changes_nothing(self, database: Database) -> None:
        migrate(database.engine)
        assert is_current(database.engine)
