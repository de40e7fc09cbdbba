"""How a request would be treated now, and who changed what."""

import time
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router

from gateway import runtime
from gateway.api.auth import OperatorAuth, operator
from gateway.api.schemas.explain import AuditOut, ExplainIn
from gateway.models import AuditEntry
from gateway.services import explaining
from gateway.services.explaining import Question
from gateway.snapshot import reading

LONGEST_PAGE = 500

router = Router(tags=["explain"], auth=OperatorAuth("route", action="view"))
log_router = Router(tags=["audit"], auth=OperatorAuth("auditentry"))


@router.post("", url_name="explain", response=dict[str, Any])
def explain(request: HttpRequest, body: ExplainIn) -> dict[str, Any]:
    """Return candidates, reasons, limits, budgets and breakers for a request; nobody is asked.

    To ask as a key is to be told what its limits and budgets have come to.
    """
    if body.key:
        operator(request).check(*explaining.PERMISSIONS_OF_A_KEY)
    question = Question(
        model=body.model,
        key_id=body.key,
        provider=body.provider,
        input_tokens=body.input_tokens,
        max_output_tokens=body.max_output_tokens,
        needs=frozenset(body.needs),
        session=body.session,
    )
    found = runtime.call(
        explaining.explain(
            question, catalog=reading.read().catalog, ports=runtime.ports(), at=time.time()
        )
    )
    return found.as_data()


@log_router.get("", url_name="audit", response=list[AuditOut])
def read_audit(
    request: HttpRequest,
    before: int | None = None,
    kind: str = "",
    subject: str = "",
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 100,
) -> list[AuditOut]:
    """Return the log, newest first; ``before`` is the id the last page ended with."""
    rows = AuditEntry.objects.all()
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if kind:
        rows = rows.filter(kind=kind)
    if subject:
        rows = rows.filter(subject=subject)
    return [AuditOut.from_row(row) for row in rows[:limit]]
