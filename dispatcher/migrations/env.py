"""Alembic's entry: migrates the database that `dispatcher migrate` or the command line names."""

from alembic import context
from sqlalchemy import Connection, create_engine

from dispatcher.core.db import Base, driver_url
from dispatcher.migrations.catalogue import ALL_MODELS, is_ours

_ = ALL_MODELS  # importing the catalogue fills the metadata


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=is_ours,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    url = context.get_x_argument(as_dictionary=True).get("url", "")
    with create_engine(driver_url(url)).connect() as opened:
        _run(opened)
