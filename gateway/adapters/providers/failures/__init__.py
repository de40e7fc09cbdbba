"""A vendor's refusal as one of our errors: by its code first, then the status, then the words.

A code is a promise of the vendor, a status a habit, and words may quote the very request that
was refused; so each only decides what the one before left open.
"""

import re
import time
from collections.abc import Mapping
from types import MappingProxyType

from gateway.adapters.providers.failures import codes, waiting, words
from gateway.adapters.providers.failures.complaints import Complaint, complaint_of
from gateway.domain.errors import (
    DeadlinePhase,
    InvalidRequestError,
    ProviderError,
    ProviderTimeoutError,
    QuotaExhaustedError,
    RateLimitedError,
    UpstreamError,
)

__all__ = ["Complaint", "complaint_of", "failure"]

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_OK = 200
_NOT_A_WORD = re.compile(r"[^A-Za-z0-9_.:-]+")
_LONGEST_CODE = 80
#: What may be told to the caller: words no sentence and no key has the form of.
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]]{0,79}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{1,63}")

Kind = type[ProviderError]


def failure(
    *,
    vendor: str,
    body: bytes,
    status: int | None = None,
    headers: Mapping[str, str] = _NO_HEADERS,
    now: float | None = None,
) -> ProviderError:
    """Return the error to raise for a refusal.

    ``status`` is None for one that came inside a stream. ``now`` is Unix seconds; headers with
    a date are measured from it.
    """
    complaint = complaint_of(body)
    if status is None or status == _OK:
        status = complaint.status
    kind = _kind(vendor, status, complaint)
    retry_after = waiting.retry_after_seconds(
        headers,
        complaint,
        now=time.time() if now is None else now,
        is_limit=issubclass(kind, RateLimitedError | QuotaExhaustedError),
    )
    error = _made(kind, vendor, status, complaint.raw_code, retry_after)
    if isinstance(error, InvalidRequestError):
        _name_fault(error, complaint)
    return error


def _name_fault(error: InvalidRequestError, complaint: Complaint) -> None:
    """Note which field the vendor finds at fault, and by which name it calls the fault."""
    if _FIELD.fullmatch(complaint.param):
        error.param = complaint.param
    code = complaint.raw_code
    if type(error) is InvalidRequestError and _WORD.fullmatch(code) and not codes.habit_of(code):
        error.told_code = code


def _kind(vendor: str, status: int | None, complaint: Complaint) -> Kind:
    for code in complaint.codes:
        found = codes.kind_of(vendor, code)
        if found is not None:
            return found
    habit = codes.kind_of_status(status)
    if habit is None:
        habit = next(filter(None, map(codes.habit_of, complaint.codes)), None)
    return words.refined(habit, complaint.message) or habit or UpstreamError


def _made(
    kind: Kind, vendor: str, status: int | None, raw_code: str, retry_after: float | None
) -> ProviderError:
    raw_code = _NOT_A_WORD.sub("_", raw_code)[:_LONGEST_CODE]
    said = " ".join(str(word) for word in (status, raw_code) if word)
    message = f"{vendor or 'the provider'} refused: {said or 'without a reason'}"
    error: ProviderError
    if issubclass(kind, ProviderTimeoutError):
        error = ProviderTimeoutError(message, phase=DeadlinePhase.FIRST)
        error.retry_after_seconds = retry_after
    else:
        error = kind(message, retry_after_seconds=retry_after)
    error.raw_code, error.raw_status = raw_code, status
    return error
