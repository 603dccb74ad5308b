"""The benchmark's senders still fit the channel that they measure: each message arrives once."""

import pytest

from tests.benchmarks.sink import running_sink
from tests.benchmarks.transport import PROTOCOLS, measure_transport, write_messages

MESSAGE = b"From: a@example.com\r\nSubject: x\r\n\r\n.dot\r\n" + "письмо\r\n".encode()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_message_is_sent_once(tmp_path, protocol):
    write_messages(tmp_path / "messages.json", [MESSAGE, MESSAGE * 3])
    with running_sink(tmp_path) as sink:
        one = measure_transport(protocol, sink, 60, tmp_path / "messages.json")
    assert one.problems == []
    assert one.received == one.messages == 60
