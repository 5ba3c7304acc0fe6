"""Schemathesis reads the service's OpenAPI document and tries to break the service with what it finds there."""

from contextlib import nullcontext

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from llm_engineering.infrastructure.api.app import create_app
from llm_engineering.infrastructure.api.service import Access
from tests.services import Oracle

EXAMPLES = 60
"""Requests an endpoint and a way of trying it; what takes an hour finds hardly more here."""

api = schemathesis.openapi.from_asgi(
    "/openapi.json", create_app(lambda: nullcontext(Oracle()), access=Access(any_host=True))
)


@pytest.mark.slow
@api.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_request_is_answered_as_the_description_says(case: schemathesis.Case) -> None:
    case.call_and_validate()
