"""The step plan is stored as plain data and read back as it was."""

import json

from hypothesis import given, settings

from dispatcher.delivery.step_plan import StepPlan
from tests.unit.delivery.plans import plans


class TestStepPlan:
    @settings(max_examples=100, deadline=None)
    @given(plans)
    def test_what_is_stored_is_read_back_unchanged(self, plan: StepPlan) -> None:
        assert StepPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
