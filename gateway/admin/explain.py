"""What would become of a request now: the question's form, and the answer as the page draws it."""

import re
import time
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gateway import runtime
from gateway.admin.fields import ChoicesField, usd
from gateway.domain.catalog import Ability
from gateway.domain.errors import GatewayError
from gateway.domain.faults import FaultProfile
from gateway.domain.money import BudgetPeriod
from gateway.domain.rate_limit import Dimension, Unit
from gateway.domain.routing import Exclusion
from gateway.models import ApiKey
from gateway.models.fault_rule import PROFILES
from gateway.models.limit import DIMENSIONS, PERIODS, UNITS
from gateway.models.route import POLICIES
from gateway.services import explaining
from gateway.services.explaining import Explanation, Question
from gateway.snapshot import reading

ABILITIES = {
    Ability.STREAM: _("stream"),
    Ability.TOOLS: _("tools"),
    Ability.JSON: _("JSON"),
    Ability.VISION: _("vision"),
    Ability.PREFILL: _("prefill"),
    Ability.REASONING: _("reasoning"),
    Ability.EMBEDDINGS: _("embeddings"),
}
REASONS = {
    Exclusion.OTHER_PROVIDER: _("another provider was asked for"),
    Exclusion.NO_STREAM: _("cannot stream"),
    Exclusion.NO_TOOLS: _("has no tools"),
    Exclusion.NO_JSON: _("has no JSON mode"),
    Exclusion.NO_VISION: _("cannot see"),
    Exclusion.NO_EMBEDDINGS: _("does not embed"),
    Exclusion.CONTEXT_TOO_SMALL: _("the prompt does not fit"),
    Exclusion.BREAKER_OPEN: _("failed too often, rests"),
    Exclusion.PROBE_IN_FLIGHT: _("is being tried out by another request"),
    Exclusion.NO_PLACE: _("every place is taken"),
    Exclusion.FAILED: _("failed this request already"),
}
# Why a target stands where it does: the rules say it in English, with a figure in it.
_SCORED = {
    re.compile(r"cost (\S+) of the dearest"): _("costs %s of the dearest"),
    re.compile(r"quality (\S+)"): _("quality %s"),
    re.compile(r"first token after (\S+) s"): _("first token after %s s"),
    re.compile(r"(\d+ of \d+) places in use"): _("%s places in use"),
    re.compile(r"weight (\S+)"): _("weight %s"),
}


class ExplainForm(forms.Form):
    """A request by its outline."""

    model = forms.ChoiceField(label=_("Model"))
    key = forms.ModelChoiceField(
        ApiKey.objects.select_related("tenant").filter(revoked_at=None),
        label=_("As key"),
        required=False,
        empty_label=_("the house itself"),
    )
    input_tokens = forms.IntegerField(
        label=_("Prompt, tokens"), initial=1000, min_value=0, max_value=10_000_000
    )
    max_output_tokens = forms.IntegerField(
        label=_("Longest answer, tokens"), required=False, min_value=1, max_value=10_000_000
    )
    needs = ChoicesField(
        label=_("Needs"),
        required=False,
        choices=[
            (ability.value, words)
            for ability, words in ABILITIES.items()
            if ability not in {Ability.STREAM, Ability.PREFILL, Ability.REASONING}
        ],
    )


def answered(request: HttpRequest) -> dict[str, Any]:
    """Return what the page needs: the form, and what was found if something was asked."""
    user: Any = request.user
    catalog = reading.read().catalog
    is_asked = "input_tokens" in request.GET
    form: Any = ExplainForm(request.GET if is_asked else None, initial=request.GET.dict())
    form.fields["model"].choices = [(name, name) for name in sorted(catalog.routes)]
    if not user.has_perms([f"gateway.{name}" for name in explaining.PERMISSIONS_OF_A_KEY]):
        del form.fields["key"]
    if not is_asked or not form.is_valid():
        return {"form": form}
    data = form.cleaned_data
    question = Question(
        model=data["model"],
        key_id=data["key"].pk if data.get("key") else "",
        input_tokens=data["input_tokens"],
        max_output_tokens=data["max_output_tokens"],
        needs=frozenset(map(Ability, data["needs"])),
    )
    step = explaining.explain(question, catalog=catalog, ports=runtime.ports(), at=time.time())
    try:
        return {"form": form, "found": _shown(runtime.call(step))}
    except GatewayError as error:
        return {"form": form, "refusal": str(error) or error.code}


def _scored(reason: str) -> str:
    """Return why a target stands where it does, in the operator's language."""
    for pattern, words in _SCORED.items():
        found = pattern.fullmatch(reason)
        if found:
            return str(words) % found[1]
    return gettext(reason)


def _limit(name: str) -> str:
    """Return a limit's name in words: ``requests:key`` is requests, each key."""
    unit, _colon, dimension = name.partition(":")
    return f"{UNITS[Unit(unit)]} · {DIMENSIONS[Dimension(dimension)]}"


def _shown(found: Explanation) -> dict[str, Any]:
    """Return the explanation as the page draws it."""
    decision = found.decision
    return {
        "code": found.code,
        "is_ok": found.code == "ok",
        "words": gettext(found.pattern) % found.values,
        "version": found.version,
        "is_degraded": found.is_degraded,
        "decision": decision,
        "policy": POLICIES[decision.policy] if decision else "",
        "candidates": [
            {
                "target": one.target,
                "reason": _scored(one.reason),
                "score": one.score,
                "cost_score": one.cost_score,
                "needs_probe": one.needs_probe,
            }
            for one in (decision.candidates if decision else ())
        ],
        "dropped": [
            {"target": one.target, "reason": REASONS[one.reason], "wait": one.retry_after_seconds}
            for one in (decision.dropped if decision else ())
        ],
        "limits": [{"now": one, "name": _limit(one.name)} for one in found.limits],
        "budgets": [
            {
                "subject": one.subject,
                "period": PERIODS[BudgetPeriod(one.period)],
                "spent": usd(one.spent_microusd + one.reserved_microusd),
                "limit": usd(one.limit_microusd),
                "wanted": usd(one.wanted_microusd),
                "is_enough": one.is_enough,
            }
            for one in found.budgets
        ],
        "places": found.places,
        "standings": found.standings,
        "faults": [
            {
                "name": one.name,
                "words": PROFILES[FaultProfile(one.profile)],
                "targets": ", ".join(one.targets),
                "percent": round(one.probability * 100, 1),
            }
            for one in found.faults
        ],
    }
