"""Random step plans."""

from uuid import UUID

from hypothesis import strategies as st

from channels.port import ChannelKind
from dispatcher.delivery.step_plan import Combination, OnUnknown, Step, StepPlan, Success

VERSION = UUID(int=7)
waits = st.floats(min_value=0, max_value=10_000, allow_nan=False)
steps = st.builds(
    Step,
    channel=st.sampled_from(ChannelKind),
    template_version_id=st.uuids(),
    retry_seconds=st.lists(waits, max_size=2).map(tuple),
    settle_seconds=waits,
    wait_seconds=waits,
    success=st.sampled_from(Success),
    translations=st.dictionaries(st.sampled_from(["uk", "en"]), st.uuids()),
)
plans = st.builds(
    StepPlan,
    steps=st.lists(steps, min_size=1, max_size=3).map(tuple),
    combination=st.sampled_from(Combination),
    on_unknown=st.sampled_from(OnUnknown),
    unknown_query_seconds=waits,
)


def a_step(**changes: object) -> Step:
    """A step by e-mail without retries."""
    return Step(**({"channel": ChannelKind.EMAIL, "template_version_id": VERSION} | changes))  # type: ignore[arg-type]


def a_plan(*chosen: Step, **changes: object) -> StepPlan:
    """A plan of these steps; one by default."""
    return StepPlan(chosen or (a_step(),), **changes)  # type: ignore[arg-type]
