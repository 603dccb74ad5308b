"""The log of a worker: real troubles stand in it, wake-ups that came too late do not."""

import logging

import pytest
from dramatiq.middleware import AgeLimit

from dispatcher.worker import STALE_WAKE_LOGGERS, hush_stale_wakes


class TestHushStaleWakes:
    @pytest.mark.parametrize("name", STALE_WAKE_LOGGERS)
    def test_only_the_stale_wake_ups_are_left_out(self, name: str, caplog: pytest.LogCaptureFixture) -> None:
        hush_stale_wakes()
        logger = logging.getLogger(name)

        logger.warning("Message %r has exceeded its age limit.", "id")
        logger.warning("Message %s was skipped.", "id")
        logger.warning("Failed to process message %s", "id")

        assert [record.getMessage() for record in caplog.records] == ["Failed to process message id"]

    def test_the_names_are_those_of_the_library(self) -> None:
        assert AgeLimit().logger.name in STALE_WAKE_LOGGERS
