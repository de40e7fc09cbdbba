"""An author's hands: open a form, change it, save it, read what it says."""

from typing import Any

from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


def url(row: Any, action: str = "change") -> str:
    return reverse(f"admin:interview_{row._meta.model_name}_{action}", args=[row.pk])


def form_of(client: Client, page: str) -> dict[str, Any]:
    """Return what a browser would send back if the author changed nothing."""
    soup = BeautifulSoup(client.get(page).content, "html.parser")
    form = soup.select_one("#content-main form[id$=_form], #changelist-form")
    assert form is not None
    data: dict[str, Any] = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        name, value = str(field["name"]), _value(field)
        if value is not None and "__prefix__" not in name:
            data.setdefault(name, []).extend(value)
    return data


def _value(field: Any) -> list[str] | None:
    if field.name == "textarea":
        return [field.text.removeprefix("\r\n").removeprefix("\n").replace("\n", "\r\n")]
    if field.name == "select":
        chosen = [option.get("value", option.text) for option in field.select("option[selected]")]
        return chosen or ([] if field.has_attr("multiple") else [""])
    if field.get("type") in {"submit", "button"}:
        return None
    if field.get("type") in {"checkbox", "radio"}:
        return [field.get("value", "on")] if field.has_attr("checked") else None
    return [field.get("value", "")]


def save(client: Client, page: str, **changes: Any) -> HttpResponse:
    """Change some fields of a page and press Save."""
    data = form_of(client, page)
    return client.post(page, {**data, **changes, "_save": "Save"}, follow=True)


def complaints(response: HttpResponse) -> str:
    """Return the complaints on the page."""
    soup = BeautifulSoup(response.content, "html.parser")
    return " ".join(
        node.get_text(" ", strip=True) for node in soup.select(".errorlist, .errornote")
    )


def messages(response: HttpResponse) -> str:
    soup = BeautifulSoup(response.content, "html.parser")
    return " ".join(node.get_text(" ", strip=True) for node in soup.select(".messagelist li"))
