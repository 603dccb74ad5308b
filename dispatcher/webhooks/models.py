"""Who hears of events, and each delivery to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.core.db import Base

Moment = DateTime(timezone=True)


class Webhook(Base):
    """An address of another system and the topics it wants."""

    __tablename__ = "webhook"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    topics: Mapped[list[str]] = mapped_column(JSONB)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Moment)


class WebhookDelivery(Base):
    """One event on its way to one webhook."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_due", "due_at", postgresql_where=text("delivered_at IS NULL")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhook.id"))
    outbox_id: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    due_at: Mapped[datetime] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    last_status: Mapped[int | None]
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
