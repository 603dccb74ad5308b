"""The OpenAPI document against the API that runs: made-up requests, right and wrong, by schemathesis.

Every answer must be one that the document knows, in the form that it says; none may be an error of ours;
what does not fit the document must be refused.
"""

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from dispatcher.core.api_keys import Scope
from dispatcher.core.staff import StaffRole
from tests.integration.web.api_client import V1, ApiClient, list_file, make_key
from tests.integration.web.installation import make_staff
from tests.integration.web.rows import add_run

EXAMPLES = 3  #: of each operation and kind: about a minute in all

load_all_checks()
[REFUSES] = CHECKS.get_by_names(["negative_data_rejection"])
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    ]
)


#: Any bytes at all are a good body there: what is in them the import tells.
UPLOADS = frozenset({"POST /lists/{name}/versions", "POST /consents/imports"})


@pytest.fixture
def headers(client, services) -> dict[str, dict[str, str]]:
    """Keys for everything, in an installation that has a list and a run; by the tag of the operation."""
    make_staff(services, "anna", StaffRole.APPROVER)
    token = make_key(services)
    approving = make_key(services, "anna-phone", {Scope.CAMPAIGNS_APPROVE}, approver="anna")
    ApiClient(client, token).imported("november", list_file())
    with services.database.transaction() as session:
        add_run(session)
    return {
        "": {"authorization": f"Bearer {token}"},
        "approval": {"authorization": f"Bearer {approving}"},
    }


@pytest.mark.timeout(300)
def test_no_request_that_can_be_made_up_breaks_the_api_or_its_promises(client, headers):
    schema = schemathesis.openapi.from_asgi(f"{V1}/openapi.json", client.app)
    found: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in GenerationMode:
            try_out(operation, mode, headers, found, calls)
    assert len(calls) >= 55, "the document has lost operations"
    assert sum(calls.values()) > 250
    assert dict(found) == {}


def try_out(operation, mode, headers, found, calls) -> None:
    """Make requests for one operation, that fit its description or do not."""
    strategy = operation.as_strategy(generation_mode=mode)
    tag = operation.definition.raw["tags"][0]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def once(case) -> None:
        answer = case.call(headers=headers.get(tag, headers[""]))
        calls[operation.label] += 1
        try:
            checks = [one for one in CHECKED if one is not REFUSES or operation.label not in UPLOADS]
            case.validate_response(answer, checks=checks)
        except FailureGroup as group:
            for failure in group.exceptions:
                found[f"{operation.label} {mode.name}: {failure.title}: {str(failure)[:300]}"] += 1

    try:
        once()
    except Unsatisfiable:
        # An operation without parameters or a body has nothing that could be wrong.
        if mode is not GenerationMode.NEGATIVE:
            raise
