"""`dramatiq dramatiq_app`: one message for each recipient."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from letters import send_letter

dramatiq.set_broker(RedisBroker(url=os.environ["PEER_REDIS_URL"]))


@dramatiq.actor
def send(recipient_id: int) -> None:
    send_letter(recipient_id)
