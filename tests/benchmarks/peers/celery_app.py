"""`celery -A celery_app worker`: one task for each recipient."""

import os

from celery import Celery
from letters import send_letter

app = Celery("letters", broker=os.environ["PEER_REDIS_URL"])


@app.task(ignore_result=True)
def send(recipient_id: int) -> None:
    send_letter(recipient_id)
