"""The API is what its description says: whatever schemathesis thinks of, and every reference in it."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from made import API, served
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from traps import Trap

from earmark.web.app import create_app
from earmark.web.jobs import ENDED
from earmark.web.operations import openapi
from earmark.web.settings import Settings
from listeners import write_song

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("music")
    write_song(folder / "song.flac")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("earmark.web.app.Listening", Trap)
        patch.setenv("EARMARK_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("EARMARK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield create_app(Settings(folder=folder, runs=folder / "none", workers=1))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_api_does_as_it_says(application, mode: GenerationMode) -> None:
    host = {"host": "127.0.0.1"}
    description = schemathesis.openapi.from_asgi(f"{API}/openapi.json", application, headers=host)
    tried = set()
    for found in description.get_all_operations():
        operation = found.ok()
        strategy = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=strategy)
        def ask(case) -> None:
            tried.add(f"{case.operation.method} {case.operation.path}")
            case.call_and_validate(checks=CHECKS, headers=host)

        try:
            ask()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, operation.label  # nothing that could be wrong
    assert len(tried) > 5
    jobs = application.state.earmark.jobs
    assert [job for job in jobs.listing() if job.state in ENDED] or mode is GenerationMode.NEGATIVE


def test_each_reference_leads_somewhere_and_each_operation_has_a_name_of_its_own(tmp_path: Path) -> None:
    with served(Settings(folder=tmp_path)) as client:
        text = client.get(f"{API}/openapi.json")
        described = text.json()
        page = client.get("/api").text
    named = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert set(_references(described)) <= named
    operations = [each for methods in described["paths"].values() for each in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for path, methods in described["paths"].items():
        assert path in page
        assert all(operation["summary"].endswith(".") for operation in methods.values())


def test_a_server_with_a_token_says_how_to_send_it() -> None:
    assert openapi([], token=True)["security"] == [{"token": []}]
    assert "security" not in openapi([], token=False)


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [each for value in part.values() for each in _references(value)]
    return [each for value in part for each in _references(value)] if isinstance(part, list) else []
