"""The faults' page."""

from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway.admin.governed import GovernedAdmin
from gateway.models import FaultRule


class FaultRuleAdmin(GovernedAdmin):
    """Make something go wrong, for somebody, for a while."""

    list_display = ("name", "profile", "hits", "probability", "state", "until")
    list_filter = ("profile", "is_enabled", "tenant")
    list_select_related = ("tenant",)
    autocomplete_fields = ("tenant",)
    search_fields = ("name", "provider", "model", "route", "room")
    fieldsets = [
        (None, {"fields": [("name", "is_enabled"), "profile"]}),
        (
            _("Whom it hits"),
            {
                "fields": ["tenant", ("provider", "model"), ("route", "room")],
                "description": _("Patterns such as gpt-*; what is empty matches everything."),
            },
        ),
        (_("How often"), {"fields": [("probability", "n_times"), "until"]}),
        (
            _("Figures"),
            {
                "fields": [("seconds", "status", "after_tokens")],
                "description": _("Each fault reads those it needs."),
            },
        ),
    ]

    @admin.display(description=_("Hits"))
    def hits(self, row: FaultRule) -> str:
        """Return whose calls, and the patterns that are not empty."""
        named = [
            f"{label_for_field(field, FaultRule)}: {getattr(row, field)}"
            for field in ("tenant", "provider", "model", "route", "room")
            if getattr(row, field)
        ]
        return ", ".join(named) or gettext("everybody")

    @admin.display(description=_("State"))
    def state(self, row: FaultRule) -> SafeString:
        """Return whether it strikes."""
        is_over = row.until is not None and row.until <= timezone.now()
        word = _("switched off") if not row.is_enabled else _("over") if is_over else _("strikes")
        level = "off" if is_over or not row.is_enabled else "hot"
        return format_html('<span class="state state--{}">{}</span>', level, word)
