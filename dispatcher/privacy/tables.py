"""Every module with models: only what was imported is in the metadata, and a process imports what it needs.

Export and erasure go by the columns of every table, so they ask here and never the metadata itself: a web
process that had not met the models yet would know of no table.
"""

from types import ModuleType
from typing import Final

from sqlalchemy import Table

import campaigns.models
import campaigns.prompt_models
import consent.models
import dispatcher.core.models
import dispatcher.delivery.bills.models
import dispatcher.delivery.calls.models
import dispatcher.delivery.models
import dispatcher.delivery.returns.models
import dispatcher.evidence.models
import dispatcher.privacy.models
import dispatcher.webhooks.models
import templates.models
from dispatcher.core.db import Base

ALL_MODELS: Final[tuple[ModuleType, ...]] = (
    campaigns.models,
    campaigns.prompt_models,
    consent.models,
    dispatcher.core.models,
    dispatcher.delivery.bills.models,
    dispatcher.delivery.calls.models,
    dispatcher.delivery.models,
    dispatcher.delivery.returns.models,
    dispatcher.evidence.models,
    dispatcher.privacy.models,
    dispatcher.webhooks.models,
    templates.models,
)


def table_named(name: str) -> Table:
    """The columns and keys of a table; raises `KeyError` for one that no model describes."""
    return Base.metadata.tables[name]
