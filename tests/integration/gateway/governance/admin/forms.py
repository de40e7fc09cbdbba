"""An operator's browser in the admin: forms as they come, and what is said of them."""

from typing import Any

from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from gateway.models import Tenant

TARGET = {"provider": "local", "model": "qwen"}


def url(kind: str, action: str, *args: Any) -> str:
    return reverse(f"admin:gateway_{kind}_{action}", args=args)


def form_of(client: Client, page: str) -> dict[str, Any]:
    """Return what a browser would send back if the operator changed nothing."""
    soup = BeautifulSoup(client.get(page).content, "html.parser")
    form = soup.select_one("#content-main form[id$=_form]")
    assert form is not None
    data: dict[str, Any] = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        if "__prefix__" in field["name"] or field.get("form"):
            continue
        data.setdefault(field["name"], []).extend(_value(field))
    return {name: values for name, values in data.items() if values}


def _value(field: Any) -> list[str]:
    if field.name == "textarea":
        return [field.text.removeprefix("\r\n").removeprefix("\n")]
    if field.name == "select":
        return [o.get("value", o.text) for o in field.select("option[selected]")] or [""]
    if field.get("type") in {"submit", "button"}:
        return []
    if field.get("type") in {"checkbox", "radio"}:
        return [field.get("value", "on")] if field.has_attr("checked") else []
    return [field.get("value", "")]


def save(client: Client, page: str, **changes: Any) -> HttpResponse:
    data = {**form_of(client, page), **changes, "_save": "Save"}
    kept = {name: value for name, value in data.items() if value is not None}
    return client.post(page, kept, follow=True)


def told(response: HttpResponse, *where: str) -> str:
    soup = BeautifulSoup(response.content, "html.parser")
    found = soup.select(", ".join(where or (".errorlist", ".messagelist li", ".errornote")))
    return " ".join(node.get_text(" ", strip=True) for node in found)


def inline(prefix: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an inline table with new rows."""
    return {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": 0,
        **{
            f"{prefix}-{n}-{name}": value
            for n, row in enumerate(rows)
            for name, value in row.items()
        },
    }


def make_key(operator: Client, **changes: Any) -> str:
    """Make a key in the only tenant there is; return it as the one answer shows it."""
    tenant = Tenant.objects.get()
    response = save(operator, url("apikey", "add"), tenant=tenant.pk, **changes)
    secret = BeautifulSoup(response.content, "html.parser").select_one("#secret")
    assert secret is not None, told(response)
    assert "no-store" in response["Cache-Control"]
    return secret.text
