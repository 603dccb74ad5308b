"""One letter and one result row, as users of task queues write it; the same for Celery and dramatiq."""

import os
import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid

from jinja2 import Environment, FileSystemLoader, select_autoescape
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

FROM = formataddr(("Энергосбытовая компания", "notify@energosbyt.example"))

engine = create_engine(os.environ["PEER_DATABASE_URL"])
templates = Environment(
    loader=FileSystemLoader(os.environ["PEER_TEMPLATES"]), autoescape=select_autoescape(["html"])
)


class Base(DeclarativeBase):
    pass


class Recipient(Base):
    __tablename__ = "peer_recipient"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    full_name: Mapped[str]
    account_number: Mapped[str]
    address: Mapped[str]
    debt: Mapped[str]
    due_date: Mapped[str]
    unsubscribe_url: Mapped[str]


class Result(Base):
    __tablename__ = "peer_result"
    recipient_id: Mapped[int] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]


def build_letter(recipient: Recipient) -> EmailMessage:
    fields = {column.name: getattr(recipient, column.name) for column in Recipient.__table__.columns}
    message = EmailMessage()
    message["From"] = FROM
    message["To"] = formataddr((recipient.full_name, recipient.email))
    message["Subject"] = templates.get_template("subject.txt").render(fields)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="energosbyt.example")
    message["List-Unsubscribe"] = f"<{recipient.unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(templates.get_template("body.txt").render(fields))
    message.add_alternative(templates.get_template("body.html").render(fields), subtype="html")
    return message


def send_letter(recipient_id: int) -> None:
    with Session(engine) as session:
        recipient = session.get_one(Recipient, recipient_id)
        with smtplib.SMTP(os.environ["PEER_SMTP_HOST"], int(os.environ["PEER_SMTP_PORT"])) as server:
            server.send_message(build_letter(recipient))
        session.add(Result(recipient_id=recipient_id, sent_at=datetime.now(UTC)))
        session.commit()
