"""What every vendor's codes mean, as data. Codes are compared in lower case; ``*`` is any
text and ``?`` any letter.
"""

import re
from collections.abc import Mapping
from fnmatch import translate

from gateway.domain.errors import (
    ContentFilteredError,
    ContextTooLongError,
    CredentialError,
    InvalidRequestError,
    ModelNotFoundError,
    ProviderError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    UpstreamError,
)
from gateway.domain.vendors import usual_name

Kind = type[ProviderError]
Codes = Mapping[Kind, tuple[str, ...]]

ANY: Codes = {
    InvalidRequestError: (
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
        "missing_required_parameter",
        "invalid_value",
        "invalid_type",
    ),
    ContextTooLongError: ("context_length_exceeded", "request_too_large"),
    ContentFilteredError: (
        "content_filter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
    ),
    CredentialError: (
        "invalid_api_key",
        "authentication_error",
        "permission_error",
        "permission_denied",
        "unsupported_country_region_territory",
    ),
    ModelNotFoundError: ("model_not_found", "not_found_error", "notfounderror"),
    QuotaExhaustedError: (
        "insufficient_quota",
        "credit_balance_exhausted",
        "*_spend_limit_exceeded",
        "billing_error",
        "billing_hard_limit_reached",
        "billing_not_active",
    ),
    RateLimitedError: ("rate_limit_exceeded", "rate_limit_reached"),
    ProviderUnavailableError: ("overloaded_error", "server_overloaded", "engine_overloaded"),
    UpstreamError: ("tool_use_failed",),
    ProviderTimeoutError: ("timeout_error",),
}

VENDORS: Mapping[str, Codes] = {
    "azure": {
        ModelNotFoundError: ("deploymentnotfound",),
        CredentialError: ("permissiondenied", "accessdenied"),
        RateLimitedError: ("too_many_requests", "ratelimitreached"),
        ProviderUnavailableError: ("nocapacity",),
    },
    "anthropic": {UpstreamError: ("conflict_error",)},
    "gemini": {
        QuotaExhaustedError: ("*perday*",),
        CredentialError: ("api_key_invalid", "unauthenticated", "permission_denied"),
        ModelNotFoundError: ("not_found",),
        RateLimitedError: ("resource_exhausted",),
        ProviderUnavailableError: ("unavailable",),
        ProviderTimeoutError: ("deadline_exceeded",),
        UpstreamError: ("internal",),
    },
    "dashscope": {
        InvalidRequestError: ("invalidparameter*",),
        ContentFilteredError: ("datainspectionfailed", "data_inspection_failed"),
        QuotaExhaustedError: ("arrearage", "allocationquota.freetieronly"),
        CredentialError: ("invalidapikey", "accessdenied*", "model.accessdenied"),
        ModelNotFoundError: ("modelnotfound",),
        # Its insufficient_quota is a limit of tokens per minute, which passes.
        RateLimitedError: (
            "throttling*",
            "limitrequests",
            "limit_requests",
            "limit_burst_rate",
            "insufficient_quota",
        ),
        UpstreamError: ("internalerror*",),
        ProviderTimeoutError: ("requesttimeout*",),
    },
    "qianfan": {
        InvalidRequestError: (
            "malformed_json",
            "invalid_messages",
            "invalid_argument",
            "method_not_supported",
        ),
        ContextTooLongError: ("characters_too_long", "tokens_too_long"),
        ContentFilteredError: ("*_unsafe", "unsafe_request"),
        CredentialError: (
            "access_denied",
            "no_parameter_permission",
            "invalid_iam_token",
            "invalid_appid",
            "110",
            "111",
        ),
        ModelNotFoundError: ("invalid_model",),
        QuotaExhaustedError: ("17", "19"),
        RateLimitedError: ("*_rate_limit_exceeded", "18", "336501", "336502"),
        ProviderUnavailableError: ("336100",),
    },
    "hunyuan": {
        ContentFilteredError: ("operationdenied.*illegaldetected",),
        CredentialError: ("authfailure*", "*servicenotactivated"),
        ModelNotFoundError: ("invalidparametervalue.model",),
        InvalidRequestError: ("invalidparameter*",),
        QuotaExhaustedError: (
            "*resourcepackexhausted",
            "*servicestoparrears",
            "*inarrears",
            "*lowbalance",
        ),
        RateLimitedError: ("limitexceeded*", "requestlimitexceeded*"),
        ProviderUnavailableError: ("*engineserverlimitexceeded",),
        UpstreamError: ("*engineservererror", "internalerror*"),
        ProviderTimeoutError: ("*enginerequesttimeout",),
    },
    "zhipu": {
        CredentialError: ("100?", "1110", "1111", "1112", "1121", "1220", "1309", "1311"),
        QuotaExhaustedError: ("1113", "1304", "1308", "1310"),
        InvalidRequestError: ("1210", "1212", "1213", "1214", "1215"),
        ModelNotFoundError: ("1211", "1221", "1222"),
        ContextTooLongError: ("1261",),
        ContentFilteredError: ("1300", "1301"),
        RateLimitedError: ("1231", "1302", "1303", "1313"),
        ProviderUnavailableError: ("1120", "1305", "1312"),
        UpstreamError: ("1100", "1200", "1230", "1234"),
    },
    "ark": {
        InvalidRequestError: ("missingparameter*", "invalidparameter*"),
        ContentFilteredError: ("*riskdetection*", "sensitivecontentdetected*"),
        CredentialError: ("authenticationerror", "accessdenied*"),
        QuotaExhaustedError: ("accountoverdueerror", "quotaexceeded", "setlimitexceeded"),
        ModelNotFoundError: (
            "invalidendpointormodel.*",
            "invalidendpoint.*",
            "modelnotopen",
        ),
        RateLimitedError: (
            "*ratelimitexceeded*",
            "inflightbatchsizeexceeded",
            "requestbursttoofast",
        ),
        ProviderUnavailableError: ("serveroverloaded",),
        UpstreamError: ("internalserviceerror",),
    },
}
_SAME = {"zai": "zhipu"}  # two doors of one house

# Said of so many faults that the status knows better; for refusals that come without one.
_HABITS: Mapping[str, Kind] = {
    "invalid_request_error": InvalidRequestError,
    "badrequesterror": InvalidRequestError,
    "invalid_argument": InvalidRequestError,
    "failed_precondition": InvalidRequestError,
    "rate_limit_error": RateLimitedError,
    "api_error": UpstreamError,
    "server_error": UpstreamError,
    "internalservererror": UpstreamError,
}

_STATUSES: Mapping[int, Kind] = {
    401: CredentialError,
    402: QuotaExhaustedError,
    403: CredentialError,
    404: ModelNotFoundError,
    408: ProviderTimeoutError,
    409: UpstreamError,
    413: ContextTooLongError,
    429: RateLimitedError,
    503: ProviderUnavailableError,
    504: ProviderTimeoutError,
    529: ProviderUnavailableError,
}
_CLIENT_FAULT, _SERVER_FAULT = 400, 500


def kind_of(vendor: str, code: str) -> Kind | None:
    """Return what the vendor means by the code, None when it is not known."""
    code = code.lower()
    name = usual_name(vendor)
    name = _SAME.get(name, name)
    return _found(_TABLES.get(name, ()), code) or _found(_ANY_TABLE, code)


def habit_of(code: str) -> Kind | None:
    """Return what a code mostly means that vendors use for nearly everything."""
    return _HABITS.get(code.lower())


def kind_of_status(status: int | None) -> Kind | None:
    """Return what an HTTP status means by itself; None for one that means nothing."""
    if status is None:
        return None
    if status in _STATUSES:
        return _STATUSES[status]
    return InvalidRequestError if _CLIENT_FAULT <= status < _SERVER_FAULT else UpstreamError


Table = tuple[tuple[re.Pattern[str], Kind], ...]


def _table(codes: Codes) -> Table:
    """Return the codes as patterns, whole words first."""
    rows = [(code, kind) for kind, found in codes.items() for code in found]
    rows.sort(key=lambda row: "*" in row[0] or "?" in row[0])
    return tuple((re.compile(translate(code)), kind) for code, kind in rows)


def _found(table: Table, code: str) -> Kind | None:
    return next((kind for pattern, kind in table if pattern.match(code)), None)


_TABLES: Mapping[str, Table] = {vendor: _table(codes) for vendor, codes in VENDORS.items()}
_ANY_TABLE = _table(ANY)
