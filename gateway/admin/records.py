"""What was used, what it cost, what was changed: read-only. Prices are added to."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.admin.fields import UsdField, usd
from gateway.admin.governed import GovernedAdmin, GovernedForm, RecordAdmin
from gateway.domain import audit
from gateway.domain.money import AttemptEnd
from gateway.models import AuditEntry, Price, UsageDay, UsageRecord

MOST_DIFFERENCES = 4
#: How an attempt ended, in words.
ENDS = {
    AttemptEnd.DONE.value: _("done"),
    AttemptEnd.ERROR.value: _("failed"),
    AttemptEnd.CANCELLED.value: _("cancelled"),
    AttemptEnd.CRASHED.value: _("crashed"),
    AttemptEnd.HEDGED.value: _("outrun"),
    AttemptEnd.CACHED.value: _("cached"),
    AttemptEnd.SHARED.value: _("shared"),
}
_SHORT = 40
_ID_SHOWN = 10


class AuditEntryAdmin(RecordAdmin):
    """Who changed what, and into what."""

    list_display = ("moment", "who", "did", "what", "difference")
    list_filter = ("kind", "verb", "via", "actor")
    search_fields = ("subject", "actor")
    date_hierarchy = "at"
    show_full_result_count = False
    fields = ("at", "actor", "via", "verb", "kind", "subject", "version", "table")
    readonly_fields = ("table",)

    @admin.display(description=_("At"), ordering="at")
    def moment(self, row: AuditEntry) -> SafeString:
        """Return when."""
        return _moment(row.at)

    @admin.display(description=_("Who"), ordering="actor")
    def who(self, row: AuditEntry) -> str:
        """Return who did it, and through which door."""
        return f"{row.actor} · {row.get_via_display()}"

    @admin.display(description=_("Did"), ordering="verb")
    def did(self, row: AuditEntry) -> SafeString:
        """Return what was done, as a coloured word."""
        level = {"removed": "off", "revoked": "off", "created": "on"}.get(row.verb, "calm")
        return format_html('<span class="state state--{}">{}</span>', level, row.get_verb_display())

    @admin.display(description=_("What"), ordering="subject")
    def what(self, row: AuditEntry) -> SafeString:
        """Return kind and name."""
        return format_html("{} <code>{}</code>", gettext(row.kind), row.subject)

    @admin.display(description=_("Difference"))
    def difference(self, row: AuditEntry) -> SafeString | str:
        """Return the first few facts that differ."""
        if row.before is None or row.after is None:
            return ""
        found = audit.differences(row.before, row.after)
        shown = [(one.name, _short(one.before), _short(one.after)) for one in found]
        told = format_html_join("; ", "{}: {} → <b>{}</b>", shown[:MOST_DIFFERENCES])
        return format_html("{} …", told) if len(found) > MOST_DIFFERENCES else told

    @admin.display(description=_("Before and after"))
    def table(self, row: AuditEntry) -> SafeString:
        """Return every fact, those that differ marked."""
        changed = {one.name for one in audit.differences(row.before, row.after)}
        names = dict.fromkeys([*(row.before or {}), *(row.after or {})])
        rows = format_html_join(
            "",
            '<tr class="{}"><th scope="row">{}</th><td>{}</td><td>{}</td></tr>',
            (
                (
                    "is-changed" if name in changed else "",
                    name,
                    _long((row.before or {}).get(name)),
                    _long((row.after or {}).get(name)),
                )
                for name in names
            ),
        )
        return format_html(
            '<table class="facts"><thead><tr><th></th><th scope="col">{}</th>'
            '<th scope="col">{}</th></tr></thead><tbody>{}</tbody></table>',
            _("before"),
            _("after"),
            rows,
        )


def _moment(at: datetime) -> SafeString:
    """Return a moment to the second, as long as any other one."""
    return format_html('<span class="figures">{}</span>', f"{localtime(at):%Y-%m-%d %H:%M:%S}")


def _short(value: Any) -> str:
    text = _long(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def _long(value: Any) -> str:
    if value is None or value == "":
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class UsageRecordAdmin(RecordAdmin):
    """Every attempt: who, what, how much, how it ended."""

    list_display = ("moment", "payer", "target", "tokens", "cost", "ended")
    list_per_page = 50
    list_filter = ("end_reason", "tenant", "provider", "route", "is_estimated")
    search_fields = ("request_id__startswith", "key_id__startswith", "room_id__startswith")
    date_hierarchy = "charged_at"
    ordering = ("-pk",)
    show_full_result_count = False

    @admin.display(description=_("At"), ordering="charged_at")
    def moment(self, row: UsageRecord) -> SafeString:
        """Return when it was charged."""
        return _moment(row.charged_at)

    @admin.display(description=_("Whose"), ordering="tenant")
    def payer(self, row: UsageRecord) -> SafeString:
        """Return who pays: a tenant and its key, or the house for a room."""
        if not row.key_id:
            return format_html(
                "{} <code>{}</code>", gettext("the house itself"), row.room_id[:_ID_SHOWN]
            )
        return format_html("{} <code>{}</code>", row.tenant, row.key_id[:_ID_SHOWN])

    @admin.display(description=_("Target"), ordering="provider")
    def target(self, row: UsageRecord) -> SafeString:
        """Return which route it came by, and who answered."""
        return format_html(
            '{} → <span class="figures">{}/{}</span>', row.route or "—", row.provider, row.model
        )

    @admin.display(description=_("End"), ordering="end_reason")
    def ended(self, row: UsageRecord) -> SafeString | str:
        """Return how it ended, with the error if there was one."""
        end = str(ENDS.get(row.end_reason, row.end_reason))
        if not row.error_code:
            return end
        return format_html('<span class="state state--hot">{}</span> {}', end, row.error_code)

    @admin.display(description=_("Tokens in → out"), ordering="output_tokens")
    def tokens(self, row: UsageRecord) -> str:
        """Return both counts; a wave where they were counted by us."""
        wave = "~" if row.is_estimated else ""
        return f"{wave}{row.input_tokens:,} → {wave}{row.output_tokens:,}"

    @admin.display(description=_("Cost"), ordering="cost_microusd")
    def cost(self, row: UsageRecord) -> str:
        """Return what it cost."""
        return usd(row.cost_microusd)


class UsageDayAdmin(RecordAdmin):
    """What was used by day."""

    list_display = ("day", "tenant", "key_id", "route", "target", "n_attempts", "n_failed", "cost")
    list_filter = ("tenant", "provider", "route")
    date_hierarchy = "day"
    show_full_result_count = False

    @admin.display(description=_("Target"), ordering="provider")
    def target(self, row: UsageDay) -> str:
        """Return who answered."""
        return f"{row.provider}/{row.model}"

    @admin.display(description=_("Cost"), ordering="cost_microusd")
    def cost(self, row: UsageDay) -> str:
        """Return what it cost."""
        return usd(row.cost_microusd)


def _usd_box() -> forms.TextInput:
    return forms.TextInput(attrs={"size": 10, "inputmode": "decimal"})


class PriceForm(GovernedForm):
    """A price in USD per million tokens, as vendors quote it."""

    input = UsdField(label=_("Input, USD per million"), widget=_usd_box())
    output = UsdField(label=_("Output, USD per million"), widget=_usd_box())
    input_cached = UsdField(label=_("Cached input"), required=False, widget=_usd_box())
    input_cache_write_5m = UsdField(
        label=_("Cache write, 5 minutes"), required=False, widget=_usd_box()
    )
    input_cache_write_1h = UsdField(
        label=_("Cache write, 1 hour"), required=False, widget=_usd_box()
    )
    output_reasoning = UsdField(label=_("Reasoning"), required=False, widget=_usd_box())

    class Meta:
        """Every column."""

        model = Price
        exclude = ("tiers",)


class PriceAdmin(GovernedAdmin):
    """Prices: a change is a new row, valid from a day on."""

    form = PriceForm
    list_display = ("vendor", "model", "in_usd", "cached_usd", "out_usd", "valid_from", "source")
    list_filter = ("vendor",)
    search_fields = ("vendor", "model")
    fields = (
        ("vendor", "model", "valid_from"),
        ("input", "output"),
        ("input_cached", "output_reasoning"),
        ("input_cache_write_5m", "input_cache_write_1h"),
        ("source", "as_of"),
        "note",
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: old records are explained by old prices."""
        return False

    @admin.display(description=_("Input, USD"), ordering="input")
    def in_usd(self, row: Price) -> str:
        """Return the price of input."""
        return usd(row.input)

    @admin.display(description=_("Cached"), ordering="input_cached")
    def cached_usd(self, row: Price) -> str:
        """Return the price of input read from a cache."""
        return "—" if row.input_cached is None else usd(row.input_cached)

    @admin.display(description=_("Output, USD"), ordering="output")
    def out_usd(self, row: Price) -> str:
        """Return the price of output."""
        return usd(row.output)
