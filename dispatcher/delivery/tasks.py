"""The actors of the delivery engine. A message only wakes a lane; losing it costs a sweep's delay."""

from types import MappingProxyType
from typing import Any, Final

from channels.port import ChannelKind
from dispatcher.core.holder import Holder
from dispatcher.core.queue import actor
from dispatcher.core.queue_names import QueueName
from dispatcher.delivery.lane import LaneWorker
from dispatcher.delivery.lane_tools import Lane

WAKE_MAX_AGE_MS: Final = 5_000  #: a wake-up nobody took in time is worthless: the next sweep sends another
WORK_SECONDS: Final = (
    20.0  #: then the thread goes back to the broker, and other lanes of the process get a turn
)

lane_worker: Final[Holder[LaneWorker]] = Holder("the lane worker")

LANES: Final = MappingProxyType(
    {
        QueueName.EMAIL_BULK: Lane(ChannelKind.EMAIL, "bulk"),
        QueueName.EMAIL_URGENT: Lane(ChannelKind.EMAIL, "urgent"),
        QueueName.SMS_BULK: Lane(ChannelKind.SMS, "bulk"),
        QueueName.SMS_URGENT: Lane(ChannelKind.SMS, "urgent"),
        QueueName.VOICE_BULK: Lane(ChannelKind.VOICE, "bulk"),
        QueueName.VOICE_URGENT: Lane(ChannelKind.VOICE, "urgent"),
    }
)


#: Lanes that hold nothing up when their provider takes its time to answer.
ASKING: Final = frozenset({QueueName.SMS_BULK})


def _work(queue: str) -> None:
    name, worker = QueueName(queue), lane_worker.get()
    if LANES[name].priority == "urgent":
        worker.confirm(LANES[name].channel)  # somebody waits for it
        if LANES[name].channel is ChannelKind.SMS:
            worker.answer_refusals()
    worker.work(LANES[name], WORK_SECONDS)
    if name in ASKING:
        worker.ask(LANES[name].channel)
        worker.collect(LANES[name].channel)


def _wake_actor(queue: QueueName) -> Any:
    declare = actor(
        actor_name=f"delivery.work.{queue.value}",
        queue_name=queue.value,
        max_retries=0,
        max_age=WAKE_MAX_AGE_MS,
    )
    return declare(_work)


WAKE: Final = MappingProxyType({queue: _wake_actor(queue) for queue in LANES})


def wake(queue: QueueName) -> None:
    """Ask some worker of this lane to look for due attempts."""
    WAKE[queue].send(queue.value)
