"""The names of the queues, apart from the broker: naming one must not load it."""

from enum import StrEnum


class QueueName(StrEnum):
    """Every queue; the only place where they are spelled."""

    #: e-mail of ordinary campaigns
    EMAIL_BULK = "email-bulk"
    #: e-mail of urgent campaigns (outages, safety): a worker process of its own
    EMAIL_URGENT = "email-urgent"
    #: short messages of ordinary campaigns
    SMS_BULK = "sms-bulk"
    #: short messages of urgent campaigns
    SMS_URGENT = "sms-urgent"
    #: calls of ordinary campaigns
    VOICE_BULK = "voice-bulk"
    #: calls of urgent campaigns
    VOICE_URGENT = "voice-urgent"
    #: fetching of bills that lists name by URL: no lane, nothing is sent
    BILLS = "bills"
