"""The résumé desk."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from interview import selectors
from interview.views import cards, visitors


@require_GET
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Draw the résumé desk."""
    context = shown(scenery=request.GET.get("scenery", ""), mode=request.GET.get("mode", "survive"))
    return visitors.seated(request, render(request, "interview/resume.html", context))


def shown(*, scenery: str, mode: str) -> dict[str, Any]:
    """Return the résumé desk."""
    language = cards.page_language()
    return {
        "sceneries": [cards.scenery(row, language) for row in selectors.open_sceneries()],
        "samples": cards.samples(language),
        "scenery": scenery,
        "mode": mode,
    }
