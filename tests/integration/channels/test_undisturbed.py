"""When a case of sound is played again, and when it has failed."""

import asyncio
import time

import pytest

from tests.integration.channels.undisturbed import LATE_SECONDS, LOOK_SECONDS, TRIES, run_undisturbed


class TestPlayedAgain:
    def test_a_case_in_which_the_process_was_held_up_is_played_again_until_it_succeeds(self) -> None:
        played: list[int] = []

        async def case() -> None:
            await _hold_up()
            played.append(1)
            assert len(played) == TRIES

        run_undisturbed(case)

    def test_but_not_for_ever(self) -> None:
        async def case() -> None:
            await _hold_up()
            raise AssertionError("never right")

        with pytest.raises(AssertionError, match="never right"):
            run_undisturbed(case)

    def test_a_case_that_fails_in_time_has_failed(self) -> None:
        played: list[int] = []

        async def case() -> None:
            played.append(1)
            raise AssertionError("wrong")

        with pytest.raises(AssertionError, match="wrong"):
            run_undisturbed(case)
        assert len(played) == 1


async def _hold_up() -> None:
    await asyncio.sleep(2 * LOOK_SECONDS)
    time.sleep(2 * LATE_SECONDS)
    await asyncio.sleep(2 * LOOK_SECONDS)
