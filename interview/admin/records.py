"""What came of it: rooms, their logs, résumés and editions. Read-only: the log is the truth."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from interview.models import Room

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

EVENTS_PER_PAGE = 100


class RecordAdmin(ModelAdmin):
    """A page that shows and never changes."""

    actions = None

    class Media:
        """The look of JSON in a page."""

        css = {"all": ("css/tokens.css", "css/admin.css")}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: records come from play."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False


class RoomAdmin(RecordAdmin):
    """A room, the fold of its log, and the log itself, a page at a time."""

    change_form_template = "admin/interview/room_change_form.html"
    list_display = (
        "id",
        "scenery",
        "mode",
        "language",
        "status",
        "result",
        "score",
        "top_offset",
        "changed_at",
    )
    list_filter = ("status", "mode", "language", "result", "edition__scenery_slug")
    search_fields = ("id__startswith", "owner__startswith", "edition__scenery_slug")
    date_hierarchy = "created_at"
    list_select_related = ("edition",)
    fields = (
        ("id", "epoch"),
        ("scenery", "edition", "resume"),
        ("mode", "language"),
        ("status", "result", "score"),
        ("turn_id", "turn_state", "turn_epoch", "silent_since"),
        ("top_offset", "snapshot_offset"),
        ("created_at", "changed_at"),
        "folded",
    )
    readonly_fields = ("scenery", "folded")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Draw the room with one page of its events."""
        context = dict(extra_context or {})
        room = self.get_object(request, object_id) if object_id else None
        if room is not None:
            pages = Paginator(room.events.order_by("offset"), EVENTS_PER_PAGE)
            page = pages.get_page(request.GET.get("events", "1"))
            context["events"] = page
            context["event_pages"] = page.paginator.get_elided_page_range(page.number)
            context["room_page"] = reverse("room-page", args=[room.pk])
        return super().changeform_view(request, object_id, form_url, context)

    @admin.display(description=_("Scenery"), ordering="edition__scenery_slug")
    def scenery(self, row: Room) -> str:
        """Return what is played, with its version."""
        return f"{row.edition.scenery_slug} v{row.edition.scenery_version}"

    @admin.display(description=_("Folded state"))
    def folded(self, row: Room) -> SafeString:
        """Return the snapshot."""
        return _as_json(row.snapshot)


class RoomEventAdmin(RecordAdmin):
    """The facts of all rooms."""

    list_display = ("room", "offset", "type", "turn_id", "at")
    list_filter = ("type",)
    search_fields = ("room__id__startswith",)
    ordering = ("-at",)
    show_full_result_count = False
    fields = (("room", "offset"), ("type", "turn_id", "at"), "payload")
    readonly_fields = ("payload",)

    @admin.display(description=_("Payload"))
    def payload(self, row: Any) -> SafeString:
        """Return what the fact says."""
        return _as_json(row.data)


class ResumeAdmin(RecordAdmin):
    """Résumés as they were read."""

    list_display = ("id", "sample", "language", "n_facts", "created_at")
    list_filter = ("language", "sample")
    search_fields = ("id__startswith", "owner__startswith")
    fields = (("id", "sample", "language", "created_at"), "text", "claims")
    readonly_fields = ("claims",)

    @admin.display(description=_("Claims"))
    def n_facts(self, row: Any) -> int:
        """Return how many claims were found."""
        return len(row.facts)

    @admin.display(description=_("Claims"))
    def claims(self, row: Any) -> SafeString:
        """Return the claims."""
        return _as_json(row.facts)


class EditionAdmin(RecordAdmin):
    """What rooms are pinned to."""

    list_display = ("short_id", "scenery_slug", "scenery_version", "published_at")
    list_filter = ("scenery_slug",)
    fields = ("id", ("scenery_slug", "scenery_version", "published_at"), "contents")
    readonly_fields = ("contents",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the editions; the list does not fetch their bodies."""
        return super().get_queryset(request).defer("body")

    @admin.display(description=_("Edition"), ordering="id")
    def short_id(self, row: Any) -> str:
        """Return the start of the hash."""
        return str(row.pk)[:12]

    @admin.display(description=_("Contents"))
    def contents(self, row: Any) -> SafeString:
        """Return the scenery, and the names of the rest."""
        body = row.body
        return _as_json(
            {
                "scenery": body["scenery"],
                "personas": sorted(body["personas"]),
                "questions": sorted(body["questions"]),
            }
        )


def _as_json(value: Any) -> SafeString:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return format_html('<pre class="json" tabindex="0">{}</pre>', text)
