"""The providers' pages, with a button that tries one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway import runtime
from gateway.admin.fields import PairsField
from gateway.admin.governed import GovernedAdmin, GovernedForm, actor_of, sentences
from gateway.domain.configuration import ADAPTERS, VENDORS
from gateway.domain.errors import GatewayError
from gateway.models import Provider
from gateway.services import configuration, standings, trials
from gateway.services.configuration import Change
from gateway.services.standings import ProviderNow
from gateway.services.trials import Trial
from gateway.snapshot import reading


class ProviderForm(GovernedForm):
    """A provider; a credential goes in and never comes out."""

    adapter = forms.ChoiceField(
        label=_("Adapter"),
        choices=[(name, name) for name in ADAPTERS],
        help_text=_("The wire format it speaks."),
    )
    credential = forms.CharField(
        label=_("Credential"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "size": 48}, render_value=False),
        help_text=_("Sealed before it is kept. Leave it empty to keep the one there is."),
    )
    forgets_credential = forms.BooleanField(label=_("Forget the sealed one"), required=False)
    options = PairsField(
        label=_("Options"),
        required=False,
        help_text=_("The vendor's own settings, one name = value a line, such as api_version."),
    )

    class Meta:
        """Every column that people write."""

        model = Provider
        fields = ("name", *configuration.PROVIDER_FIELDS)
        widgets = {
            "vendor": forms.TextInput(attrs={"list": "vendors"}),
            "base_url": forms.TextInput(attrs={"class": "vTextField", "inputmode": "url"}),
        }


class ProviderAdmin(GovernedAdmin):
    """Where calls go."""

    form = ProviderForm
    change_form_template = "admin/gateway/provider_change_form.html"
    list_display = ("name", "wire", "address", "credential_from", "is_enabled")
    list_filter = ("adapter", "is_enabled", "is_local")
    search_fields = ("name", "vendor", "base_url")
    readonly_fields = ("credential_from",)
    fieldsets = [
        (None, {"fields": ["name", ("adapter", "vendor"), "base_url", ("is_enabled", "is_local")]}),
        (
            _("Credential"),
            {
                "fields": [
                    "credential_from",
                    "credential_env",
                    "credential",
                    "forgets_credential",
                ],
                "description": _(
                    "Better in the environment of every process; else sealed here. A change of"
                    " SECRET_KEY makes sealed ones unreadable."
                ),
            },
        ),
        (_("How many at once"), {"fields": [("n_places", "wait_seconds")]}),
        (
            _("Deadlines, seconds"),
            {
                "fields": [("connect_seconds", "first_seconds", "idle_seconds", "total_seconds")],
                "classes": ["collapse"],
                "description": _("Empty ones are those of the settings."),
            },
        ),
        (_("Options"), {"fields": ["options"], "classes": ["collapse"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the name once it is given: the ledger and prices refer to it."""
        return ("credential_from", "name") if obj else ("credential_from",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form; its own fields are not columns, so the columns are named here."""
        kwargs["fields"] = (
            configuration.PROVIDER_FIELDS if obj else ("name", *configuration.PROVIDER_FIELDS)
        )
        return super().get_form(request, obj, change=change, **kwargs)

    def store(self, making: Change, obj: Any, form: Any) -> None:
        """Save the provider with what was typed as its credential."""
        typed = form.cleaned_data["credential"]
        forgotten = form.cleaned_data["forgets_credential"]
        credential = typed or ("" if forgotten else None)
        configuration.store_provider(obj, credential=credential, making=making)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Draw or save; a provider that is there can be tried."""
        context = {**(extra_context or {}), "vendors": sorted(VENDORS)}
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if object_id is not None and row is not None:
            context["try_url"] = self.url_of("try", object_id)
            context["now"] = _now(row.name)
        return super().changeform_view(request, object_id, form_url, context)

    # --- trying ---

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses, with the one that tries a provider."""
        view = self.admin_site.admin_view(self.try_view)
        ours = [path("<path:object_id>/try/", view, name="gateway_provider_try")]
        return ours + super().get_urls()

    def try_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the provider for one word and say how that went."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        try:
            trial = runtime.call(
                trials.try_provider(
                    name=row.name,
                    model=request.POST.get("model", "")[:128],
                    catalog=reading.read().catalog,
                    ports=runtime.ports(),
                )
            )
        except GatewayError as error:
            for sentence in sentences(error):
                messages.error(request, sentence)
        else:
            trials.record(name=row.name, trial=trial, actor=actor_of(request))
            _tell(request, trial)
        return HttpResponseRedirect(self.url_of("change", object_id))

    # --- columns ---

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns; one of them asks once how all of the providers stand."""
        found: dict[str, ProviderNow] | None = None

        @admin.display(description=_("Now"))
        def now(row: Provider) -> SafeString | str:
            nonlocal found
            if found is None:
                found = _all_now()
            return _told_now(row, found.get(row.name))

        name, *others = super().get_list_display(request)
        return (name, now, *others)

    @admin.display(description=_("Wire"), ordering="adapter")
    def wire(self, row: Provider) -> str:
        """Return adapter and vendor."""
        return f"{row.adapter} · {row.vendor}" if row.vendor else row.adapter

    @admin.display(description=_("Address"), ordering="base_url")
    def address(self, row: Provider) -> str:
        """Return where it is."""
        return row.base_url or gettext("the vendor's own")

    @admin.display(description=_("Credential from"))
    def credential_from(self, row: Provider | None) -> SafeString | str:
        """Return where the credential is, never what it is."""
        if row is None or not (row.credential_env or row.credential_sealed):
            return "—"
        if row.credential_env:
            return format_html("<code>{}</code>", row.credential_env)
        return gettext("sealed here, ends in …%(last4)s") % {"last4": row.credential_last4}


def _all_now() -> dict[str, ProviderNow]:
    """Return how every provider stands; nothing while the shared store does not say."""
    catalog = reading.read().catalog
    try:
        return runtime.call(
            standings.of_providers(catalog.providers, catalog=catalog, ports=runtime.ports())
        )
    except GatewayError:
        return {}


def _now(name: str) -> ProviderNow | None:
    return _all_now().get(name)


def _told_now(row: Provider, now: ProviderNow | None) -> SafeString | str:
    """Return a coloured word for how the provider stands, and how full it is."""
    if now is None or not row.is_enabled:
        return "—"
    if now.resting and len(now.resting) == len(now.targets):
        level, word = "hot", gettext("rests")
    elif now.resting:
        level, word = "calm", gettext("rests in part")
    else:
        level, word = "on", gettext("takes calls")
    return format_html(
        '<span class="figures"><span class="state state--{}">{}</span> {} / {}</span>',
        level,
        word,
        now.n_taken,
        now.n_places,
    )


def _tell(request: HttpRequest, trial: Trial) -> None:
    values = {"model": trial.model, "seconds": f"{trial.seconds:.2f}", "code": trial.code}
    if trial.is_ok:
        messages.success(
            request, gettext("The model %(model)s answered after %(seconds)s s.") % values
        )
        return
    sentence = (
        gettext("The model %(model)s did not answer: %(code)s, after %(seconds)s s.") % values
    )
    why = gettext(trial.message) if trial.message else ""
    messages.error(request, f"{sentence} {why}".strip())
