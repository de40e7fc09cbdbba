"""Ids, policies and span names, in both colours of the chain."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import use_span

from config import metrics
from config.middleware import ContentSecurityPolicy, RequestContext

factory = RequestFactory()


def answer(_request):
    return HttpResponse("ok")


async def aanswer(_request):
    return HttpResponse("ok")


async def respond(middleware, view, request):
    response = middleware(view)(request)
    return response if isinstance(response, HttpResponse) else await response


@pytest.mark.parametrize("view", [answer, aanswer])
async def test_a_request_without_the_edge_still_gets_its_id(view):
    request = factory.get("/")
    response = await respond(RequestContext, view, request)
    assert len(response["X-Request-ID"]) == 24
    assert response["X-Request-ID"] == request.request_id


@pytest.mark.parametrize("view", [answer, aanswer])
async def test_the_id_of_the_edge_is_kept(view):
    request = factory.get("/", headers={"x-request-id": "from-the-edge"})
    response = await respond(RequestContext, view, request)
    assert (request.request_id, response["X-Request-ID"]) == ("from-the-edge", "from-the-edge")


@pytest.mark.parametrize("view", [answer, aanswer])
async def test_every_page_has_a_policy_and_every_request_another_nonce(view):
    first, second = factory.get("/"), factory.get("/")
    policies = [
        (await respond(ContentSecurityPolicy, view, request))["Content-Security-Policy"]
        for request in (first, second)
    ]
    assert f"script-src 'self' 'nonce-{first.csp_nonce}';" in policies[0]
    assert first.csp_nonce != second.csp_nonce
    assert "unsafe-inline" not in policies[0].split("style-src-attr")[0]
    assert "default-src 'self'" in policies[0]


async def test_a_view_may_have_its_own_policy():
    def own(_request):
        return HttpResponse("ok", headers={"Content-Security-Policy": "default-src 'none'"})

    response = await respond(ContentSecurityPolicy, own, factory.get("/"))
    assert response["Content-Security-Policy"] == "default-src 'none'"


async def test_a_span_is_named_by_the_route_and_never_by_the_path():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    request = factory.get("/api/rooms/01J/answer")
    request.resolver_match = type("Match", (), {"route": "api/rooms/<uuid:room_id>/answer"})()
    with use_span(provider.get_tracer("t").start_span("GET"), end_on_exit=True):
        await respond(RequestContext, answer, request)
    (span,) = exporter.get_finished_spans()
    assert span.name == "GET /api/rooms/<uuid:room_id>/answer"
    assert span.attributes["http.route"] == "/api/rooms/<uuid:room_id>/answer"


async def test_a_request_is_timed_by_its_route_and_kind_of_answer():
    def missing(_request):
        return HttpResponse(status=404)

    def timed(method):
        labels = (method, "api/rooms/<uuid:room_id>", "4xx")
        return metrics.HTTP_REQUEST_SECONDS.labels(*labels)._sum.get()

    for method, label in (("GET", "GET"), ("BREW", "other")):
        request = factory.generic(method, "/api/rooms/01J")
        request.resolver_match = type("Match", (), {"route": "api/rooms/<uuid:room_id>"})()
        before = timed(label)
        await respond(RequestContext, missing, request)
        assert timed(label) > before
