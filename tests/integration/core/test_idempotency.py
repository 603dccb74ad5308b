"""Answers kept for repeated requests, from two connections at once."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.core.idempotency import (
    KEPT,
    KeyReusedError,
    RepeatableRequest,
    StillRunningError,
    StoredAnswer,
    fingerprint_of,
    forget_old_answers,
    recall_answer,
    remember_answer,
)

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
REQUEST = RepeatableRequest("api:1", "k1", fingerprint_of("POST", "/campaigns", b"{}"))
ANSWER = StoredAnswer(201, {"campaign_id": "x", "имя": "да"}, {"Location": "/api/v1/campaigns/x"})


def remembered(database) -> None:
    with database.transaction() as session:
        assert recall_answer(session, REQUEST) is None
        remember_answer(session, REQUEST, ANSWER, NOW)


class TestRecall:
    def test_the_same_request_gets_the_same_answer(self, database):
        remembered(database)
        with database.transaction() as session:
            assert recall_answer(session, REQUEST) == ANSWER

    def test_another_request_with_the_key_is_refused(self, database):
        remembered(database)
        other = RepeatableRequest("api:1", "k1", fingerprint_of("POST", "/campaigns", b"{ }"))
        with pytest.raises(KeyReusedError), database.transaction() as session:
            recall_answer(session, other)

    def test_another_client_may_have_the_same_key(self, database):
        remembered(database)
        with database.transaction() as session:
            assert recall_answer(session, RepeatableRequest("api:2", "k1", b"")) is None

    def test_while_the_first_runs_the_second_is_told_so(self, database):
        with database.transaction() as first:
            recall_answer(first, REQUEST)
            with pytest.raises(StillRunningError), database.transaction() as second:
                recall_answer(second, REQUEST)

    def test_what_was_rolled_back_leaves_no_trace(self, database):
        with database.transaction() as session:
            recall_answer(session, REQUEST)
            remember_answer(session, REQUEST, ANSWER, NOW)
            session.rollback()
        remembered(database)


class TestForget:
    def test_after_a_week_and_not_before(self, database):
        remembered(database)
        with database.transaction() as session:
            forget_old_answers(session, NOW + KEPT)
            assert recall_answer(session, REQUEST) == ANSWER
            forget_old_answers(session, NOW + KEPT + timedelta(seconds=1))
            assert recall_answer(session, REQUEST) is None
