"""What Alembic compares with the database: every model there is, and none of the partitions."""

import re
from typing import Any, Final

from sqlalchemy.dialects.postgresql.base import ischema_names

from dispatcher.delivery.models import TransactionId
from dispatcher.privacy.tables import ALL_MODELS

__all__ = ["ALL_MODELS", "is_ours"]

# SQLAlchemy does not know this type when it reads the schema back.
ischema_names["xid8"] = TransactionId

_PARTITION: Final = re.compile(r"_p\d{6}$")


def is_ours(name: str | None, type_: str, _parents: Any) -> bool:
    """Whether Alembic should compare this: everything but the partitions, which `ensure_period` makes."""
    return not (type_ == "table" and name is not None and _PARTITION.search(name))
