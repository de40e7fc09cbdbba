"""The API's description as programs know it; a change of it must be meant."""

import json
from pathlib import Path

from interview.api import api

SNAPSHOT = Path(__file__).resolve().parents[2] / "snapshots" / "openapi.json"


def test_the_api_is_the_one_that_was_agreed():
    """When a change is meant: ``make snapshot``, and read the difference before committing."""
    described = json.loads(json.dumps(api.get_openapi_schema(), default=str))

    assert described == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_every_path_of_the_contract_is_described():
    paths = api.get_openapi_schema()["paths"]

    for path in ("", "/{room_id}", "/{room_id}/answer", "/{room_id}/cancel", "/{room_id}/settings"):
        assert f"/api/rooms{path}" in paths
    assert {"/api/sceneries", "/api/resumes"} <= set(paths)
