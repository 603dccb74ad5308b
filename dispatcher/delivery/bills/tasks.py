"""The actor that fetches bills. A message only wakes it; losing one costs a sweep's delay."""

from typing import Final

from dispatcher.core.holder import Holder
from dispatcher.core.queue import actor
from dispatcher.core.queue_names import QueueName
from dispatcher.delivery.bills.worker import BillWorker

WAKE_MAX_AGE_MS: Final = 5_000
WORK_SECONDS: Final = 20.0  #: then the thread goes back to the broker, and lanes of the process get a turn

bill_worker: Final[Holder[BillWorker]] = Holder("the bill worker")


@actor(
    actor_name="delivery.fetch_bills",
    queue_name=QueueName.BILLS.value,
    max_retries=0,
    max_age=WAKE_MAX_AGE_MS,
)
def fetch_bills() -> None:
    """Fetch what is due."""
    bill_worker.get().work(WORK_SECONDS)


def wake_bills() -> None:
    """Ask some worker to look for bills that are due."""
    fetch_bills.send()
