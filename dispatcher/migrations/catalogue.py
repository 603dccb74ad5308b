"""Every module with models, so that migrations and tests see the whole schema."""

import re
from typing import Any, Final

from sqlalchemy.dialects.postgresql.base import ischema_names

import campaigns.models
import consent.models
import dispatcher.core.models
import dispatcher.delivery.bills.models
import dispatcher.delivery.models
import dispatcher.delivery.returns.models
import dispatcher.evidence.models
import dispatcher.privacy.models
import dispatcher.webhooks.models
import templates.models
from dispatcher.delivery.models import TransactionId

ALL_MODELS: Final = (
    campaigns.models,
    consent.models,
    dispatcher.core.models,
    dispatcher.delivery.bills.models,
    dispatcher.delivery.models,
    dispatcher.delivery.returns.models,
    dispatcher.evidence.models,
    dispatcher.privacy.models,
    dispatcher.webhooks.models,
    templates.models,
)

# SQLAlchemy does not know this type when it reads the schema back.
ischema_names["xid8"] = TransactionId

_PARTITION: Final = re.compile(r"_p\d{6}$")


def is_ours(name: str | None, type_: str, _parents: Any) -> bool:
    """Whether Alembic should compare this: everything but the partitions, which `ensure_period` makes."""
    return not (type_ == "table" and name is not None and _PARTITION.search(name))
