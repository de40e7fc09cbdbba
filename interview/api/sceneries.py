"""What can be played."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from interview import selectors

router = Router(tags=["sceneries"])


@router.get("", url_name="sceneries", response=list[dict[str, Any]])
def list_sceneries(request: HttpRequest) -> list[dict[str, Any]]:
    """Return every open scenery with its panel."""
    return [selectors.scenery_json(row) for row in selectors.open_sceneries()]
