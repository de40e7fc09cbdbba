"""A vendor's refusal as one of our errors."""

import fnmatch
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.providers.failures import Complaint, codes, complaint_of, failure
from gateway.domain.errors import (
    ContentFilteredError,
    ContextTooLongError,
    CredentialError,
    DeadlinePhase,
    InvalidRequestError,
    ModelNotFoundError,
    ProviderError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QuotaExhaustedError,
    RateLimitedError,
    UpstreamError,
)

Kind = type[ProviderError]
OTHER_NAMES = {"doubao": "ark", "vertex": "gemini", "zai": "zhipu", "glm": "zhipu"}
QIANFAN_UNITS = ("rpm", "tpm", "input_tpm", "output_tpm", "user", "cluster", "preemptible")
STRANGE_NAMES = (
    *("error", "code", "message", "type", "details", "status"),
    *("Response", "innererror", "violations", "retryDelay"),
)


def kind(vendor: str, status: int | None, body: object) -> Kind:
    """Return the class of error a refusal becomes."""
    return type(failure(vendor=vendor, status=status, body=json.dumps(body).encode()))


def openai(code: str | int | None, error_type: str = "", message: str = "") -> object:
    return {"error": {"message": message, "type": error_type, "param": None, "code": code}}


CODES: list[tuple[str, int, object, Kind]] = [
    # OpenAI
    ("openai", 400, openai("unsupported_parameter", "invalid_request_error"), InvalidRequestError),
    ("openai", 400, openai("context_length_exceeded"), ContextTooLongError),
    ("openai", 400, openai("content_policy_violation"), ContentFilteredError),
    ("openai", 401, openai("invalid_api_key", "invalid_request_error"), CredentialError),
    ("openai", 401, openai(None, "invalid_request_error"), CredentialError),
    ("openai", 403, openai("unsupported_country_region_territory"), CredentialError),
    ("openai", 404, openai("model_not_found", "invalid_request_error"), ModelNotFoundError),
    ("openai", 408, openai(None), ProviderTimeoutError),
    ("openai", 409, openai(None), UpstreamError),
    ("openai", 422, openai(None), InvalidRequestError),
    ("openai", 429, openai("rate_limit_exceeded", "requests"), RateLimitedError),
    ("openai", 429, openai("insufficient_quota", "insufficient_quota"), QuotaExhaustedError),
    ("openai", 429, openai("credit_balance_exhausted"), QuotaExhaustedError),
    ("openai", 429, openai("organization_spend_limit_exceeded"), QuotaExhaustedError),
    ("openai", 429, openai("project_spend_limit_exceeded"), QuotaExhaustedError),
    ("openai", 500, openai(None, "server_error"), UpstreamError),
    ("openai", 503, openai(None, "server_error"), ProviderUnavailableError),
    *[
        ("openai", 400, openai(name, "invalid_request_error"), InvalidRequestError)
        for name in [
            "unsupported_value",
            "unknown_parameter",
            "missing_required_parameter",
            "invalid_value",
            "invalid_type",
        ]
    ],
    ("openai", 429, openai("billing_hard_limit_reached"), QuotaExhaustedError),
    ("openai", 429, openai("billing_not_active"), QuotaExhaustedError),
    ("openai", 500, openai("server_overloaded"), ProviderUnavailableError),
    ("moonshot", 429, openai(None, "engine_overloaded"), ProviderUnavailableError),
    ("groq", 400, openai("tool_use_failed", "invalid_request_error"), UpstreamError),
    # Azure
    ("azure", 400, openai("content_filter"), ContentFilteredError),
    (
        "azure",
        400,
        {"error": {"code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        ContentFilteredError,
    ),
    ("azure", 404, openai("DeploymentNotFound"), ModelNotFoundError),
    ("azure", 401, openai("PermissionDenied"), CredentialError),
    ("azure", 403, openai("AccessDenied"), CredentialError),
    ("azure", 429, openai("too_many_requests"), RateLimitedError),
    ("azure", 429, openai("RateLimitReached"), RateLimitedError),
    ("azure", 424, openai("NoCapacity"), ProviderUnavailableError),
    ("azure", 429, openai("429", "", "Please retry after 37 seconds."), RateLimitedError),
    ("azure", 429, openai("429", "", "We see high demand now."), ProviderUnavailableError),
    # Anthropic
    *[
        ("anthropic", status, {"type": "error", "error": {"type": name, "message": ""}}, found)
        for status, name, found in [
            (400, "invalid_request_error", InvalidRequestError),
            (401, "authentication_error", CredentialError),
            (402, "billing_error", QuotaExhaustedError),
            (403, "permission_error", CredentialError),
            (404, "not_found_error", ModelNotFoundError),
            (409, "conflict_error", UpstreamError),
            (413, "request_too_large", ContextTooLongError),
            (429, "rate_limit_error", RateLimitedError),
            (500, "api_error", UpstreamError),
            (504, "timeout_error", ProviderTimeoutError),
            (529, "overloaded_error", ProviderUnavailableError),
        ]
    ],
    (
        "anthropic",
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "This organization has reached its spend limit.",
            },
        },
        QuotaExhaustedError,
    ),
    (
        "anthropic",
        429,
        {"error": {"type": "rate_limit_error", "message": "monthly spend cap of your tier"}},
        QuotaExhaustedError,
    ),
    # Gemini
    *[
        ("gemini", status, {"error": {"code": status, "status": name, "message": ""}}, found)
        for status, name, found in [
            (400, "INVALID_ARGUMENT", InvalidRequestError),
            (400, "FAILED_PRECONDITION", InvalidRequestError),
            (401, "UNAUTHENTICATED", CredentialError),
            (403, "PERMISSION_DENIED", CredentialError),
            (404, "NOT_FOUND", ModelNotFoundError),
            (429, "RESOURCE_EXHAUSTED", RateLimitedError),
            (500, "INTERNAL", UpstreamError),
            (503, "UNAVAILABLE", ProviderUnavailableError),
            (504, "DEADLINE_EXCEEDED", ProviderTimeoutError),
        ]
    ],
    (
        "gemini",
        429,
        [
            {
                "error": {
                    "code": 429,
                    "status": "RESOURCE_EXHAUSTED",
                    "details": [
                        {"violations": [{"quotaId": "GenerateRequestsPerDayPerProject-Free"}]}
                    ],
                }
            }
        ],
        QuotaExhaustedError,
    ),
    (
        "vertex",
        400,
        {
            "error": {
                "code": 400,
                "status": "INVALID_ARGUMENT",
                "message": "API key not valid. Please pass a valid API key.",
                "details": [{"reason": "API_KEY_INVALID"}],
            }
        },
        CredentialError,
    ),
    # DashScope
    *[
        ("dashscope", status, {"code": name, "message": "", "request_id": "r"}, found)
        for status, name, found in [
            (400, "InvalidParameter", InvalidRequestError),
            (400, "InvalidParameter.DataCheck", InvalidRequestError),
            (400, "DataInspectionFailed", ContentFilteredError),
            (400, "data_inspection_failed", ContentFilteredError),
            (400, "Arrearage", QuotaExhaustedError),
            (401, "InvalidApiKey", CredentialError),
            (403, "AccessDenied", CredentialError),
            (403, "Model.AccessDenied", CredentialError),
            (404, "ModelNotFound", ModelNotFoundError),
            (429, "Throttling", RateLimitedError),
            (429, "Throttling.RateQuota", RateLimitedError),
            (429, "Throttling.BurstRate", RateLimitedError),
            (429, "Throttling.AllocationQuota", RateLimitedError),
            (429, "LimitRequests", RateLimitedError),
            (429, "limit_requests", RateLimitedError),
            (429, "limit_burst_rate", RateLimitedError),
            (429, "insufficient_quota", RateLimitedError),
            (403, "AllocationQuota.FreeTierOnly", QuotaExhaustedError),
            (500, "InternalError.Algo", UpstreamError),
            (500, "RequestTimeOut", ProviderTimeoutError),
        ]
    ],
    ("dashscope", 429, openai("insufficient_quota", "insufficient_quota"), RateLimitedError),
    # Qianfan
    *[
        ("qianfan", status, {"error": {"code": name, "message": "", "type": kind}}, found)
        for status, name, kind, found in [
            (400, "malformed_json", "invalid_request_error", InvalidRequestError),
            (400, "invalid_model", "invalid_request_error", ModelNotFoundError),
            (400, "invalid_messages", "invalid_request_error", InvalidRequestError),
            (400, "characters_too_long", "invalid_request_error", ContextTooLongError),
            (400, "tokens_too_long", "invalid_request_error", ContextTooLongError),
            (400, "invalid_argument", "invalid_request_error", InvalidRequestError),
            (403, "system_unsafe", "unsafe_request", ContentFilteredError),
            (400, "image_url_unsafe", "unsafe_request", ContentFilteredError),
            (400, "functions_unsafe", "unsafe_request", ContentFilteredError),
            (403, "other", "unsafe_request", ContentFilteredError),
            (401, "no_parameter_permission", "access_denied", CredentialError),
            (401, "invalid_iam_token", "invalid_request_error", CredentialError),
            (401, "invalid_appid", "invalid_request_error", CredentialError),
            (401, "invalid_model", "invalid_request_error", ModelNotFoundError),
            (405, "method_not_supported", "invalid_request_error", InvalidRequestError),
            *[
                (429, f"{unit}_rate_limit_exceeded", "rate_limit_exceeded", RateLimitedError)
                for unit in [
                    "rpm",
                    "tpm",
                    "input_tpm",
                    "output_tpm",
                    "user",
                    "cluster",
                    "preemptible",
                ]
            ],
        ]
    ],
    *[
        ("qianfan", 200, {"error_code": code, "error_msg": ""}, found)
        for code, found in [
            (110, CredentialError),
            (111, CredentialError),
            (17, QuotaExhaustedError),
            (18, RateLimitedError),
            (19, QuotaExhaustedError),
            (336501, RateLimitedError),
            (336502, RateLimitedError),
            (336100, ProviderUnavailableError),
        ]
    ],
    # Hunyuan
    *[
        ("hunyuan", 200, {"Response": {"Error": {"Code": name, "Message": ""}}}, found)
        for name, found in [
            ("FailedOperation.EngineRequestTimeout", ProviderTimeoutError),
            ("FailedOperation.EngineServerError", UpstreamError),
            ("FailedOperation.EngineServerLimitExceeded", ProviderUnavailableError),
            ("LimitExceeded", RateLimitedError),
            ("FailedOperation.FreeResourcePackExhausted", QuotaExhaustedError),
            ("FailedOperation.ResourcePackExhausted", QuotaExhaustedError),
            ("FailedOperation.ServiceStopArrears", QuotaExhaustedError),
            ("ResourceUnavailable.InArrears", QuotaExhaustedError),
            ("ResourceUnavailable.LowBalance", QuotaExhaustedError),
            ("FailedOperation.ServiceNotActivated", CredentialError),
            ("InvalidParameterValue.Model", ModelNotFoundError),
            ("InvalidParameterValue", InvalidRequestError),
            ("OperationDenied.TextIllegalDetected", ContentFilteredError),
            ("InternalError", UpstreamError),
            ("AuthFailure.SecretIdNotFound", CredentialError),
            ("RequestLimitExceeded", RateLimitedError),
        ]
    ],
    ("hunyuan", 200, {"ErrorMsg": {"Code": "LimitExceeded", "Msg": ""}}, RateLimitedError),
    # Ark
    *[
        ("doubao", status, openai(name), found)
        for status, name, found in [
            (400, "MissingParameter", InvalidRequestError),
            (400, "InvalidParameter", InvalidRequestError),
            (400, "InvalidEndpoint.ClosedEndpoint", ModelNotFoundError),
            (400, "InputTextRiskDetection", ContentFilteredError),
            (400, "OutputTextRiskDetection", ContentFilteredError),
            (400, "SensitiveContentDetected", ContentFilteredError),
            (401, "AuthenticationError", CredentialError),
            (403, "AccountOverdueError", QuotaExhaustedError),
            (403, "AccessDenied", CredentialError),
            (404, "InvalidEndpointOrModel.NotFound", ModelNotFoundError),
            (404, "ModelNotOpen", ModelNotFoundError),
            (429, "RateLimitExceeded.EndpointRPMExceeded", RateLimitedError),
            (429, "RateLimitExceeded.EndpointTPMExceeded", RateLimitedError),
            (429, "ModelAccountRpmRateLimitExceeded", RateLimitedError),
            (429, "ModelAccountTpmRateLimitExceeded", RateLimitedError),
            (429, "AccountRateLimitExceeded", RateLimitedError),
            (429, "APIAccountRpmRateLimitExceeded", RateLimitedError),
            (429, "InflightBatchsizeExceeded", RateLimitedError),
            (429, "RequestBurstTooFast", RateLimitedError),
            (429, "ServerOverloaded", ProviderUnavailableError),
            (429, "QuotaExceeded", QuotaExhaustedError),
            (429, "SetLimitExceeded", QuotaExhaustedError),
            (500, "InternalServiceError", UpstreamError),
        ]
    ],
    # Zhipu: numbers in words
    *[
        ("zhipu", status, {"error": {"code": str(code), "message": ""}}, found)
        for status, found, codes in [
            (401, CredentialError, (1000, 1001, 1002, 1003, 1004, 1005)),
            (429, CredentialError, (1110, 1111, 1112, 1121, 1309)),
            (403, CredentialError, (1220, 1311)),
            (429, QuotaExhaustedError, (1113, 1304, 1308, 1310)),
            (400, InvalidRequestError, (1210, 1212, 1213, 1214, 1215)),
            (400, ModelNotFoundError, (1211, 1221, 1222)),
            (400, ContextTooLongError, (1261,)),
            (400, ContentFilteredError, (1300, 1301)),
            (429, RateLimitedError, (1231, 1302, 1303, 1313)),
            (429, ProviderUnavailableError, (1120, 1305, 1312)),
            (500, UpstreamError, (1100, 1200, 1230, 1234)),
        ]
        for code in codes
    ],
    ("zai", 429, {"error": {"code": "1113", "message": ""}}, QuotaExhaustedError),
    ("glm", 200, {"error": {"code": 1302, "message": ""}}, RateLimitedError),
    ("zhipu", 500, {"error": {"code": "500", "message": ""}}, UpstreamError),
    # DeepSeek: mostly statuses
    ("deepseek", 400, openai("invalid_request_error"), InvalidRequestError),
    ("deepseek", 401, openai("authentication_error"), CredentialError),
    (
        "deepseek",
        402,
        openai("invalid_request_error", message="Insufficient Balance"),
        QuotaExhaustedError,
    ),
    ("deepseek", 422, openai("invalid_request_error"), InvalidRequestError),
    ("deepseek", 429, openai("rate_limit_reached"), RateLimitedError),
    ("deepseek", 500, openai(None), UpstreamError),
    ("deepseek", 503, openai(None), ProviderUnavailableError),
    # vLLM
    ("vllm", 400, openai(400, "BadRequestError", "max_tokens must be > 0"), InvalidRequestError),
    (
        "vllm",
        400,
        openai(400, "BadRequestError", "This model's maximum context length is 4096 tokens."),
        ContextTooLongError,
    ),
    (
        "vllm",
        400,
        {"object": "error", "message": "maximum context length is 8", "type": "BadRequestError"},
        ContextTooLongError,
    ),
    (
        "vllm",
        404,
        openai(404, "NotFoundError", "The model `x` does not exist."),
        ModelNotFoundError,
    ),
    ("vllm", 401, {"error": "Unauthorized"}, CredentialError),
    ("vllm", 500, openai(500, "InternalServerError"), UpstreamError),
    # Ollama
    ("ollama", 400, openai(None, "invalid_request_error"), InvalidRequestError),
    ("ollama", 404, openai(None, "not_found_error", 'model "x" not found'), ModelNotFoundError),
    ("ollama", 404, {"error": "model 'x' not found, try pulling it first"}, ModelNotFoundError),
    ("ollama", 503, openai(None, "api_error", "busy"), ProviderUnavailableError),
    ("ollama", 502, {"error": "text"}, UpstreamError),
]


def test_no_code_of_any_vendor_is_left_untried() -> None:
    tried: dict[str, set[str]] = {}
    for vendor, _, body, _ in CODES:
        found = complaint_of(json.dumps(body).encode()).codes
        tried.setdefault(OTHER_NAMES.get(vendor, vendor), set()).update(map(str.lower, found))
    everywhere = set().union(*tried.values())

    untried = [
        (vendor, pattern)
        for vendor, table in {**codes.VENDORS, "": codes.ANY}.items()
        for patterns in table.values()
        for pattern in patterns
        if not fnmatch.filter(tried[vendor] if vendor else everywhere, pattern)
    ]

    assert untried == []


@pytest.mark.parametrize(
    ("vendor", "status", "body", "expected"),
    CODES,
    ids=[f"{vendor}-{status}-{at}" for at, (vendor, status, _, _) in enumerate(CODES)],
)
def test_every_code_of_a_vendor_has_its_meaning(
    vendor: str, status: int, body: object, expected: Kind
) -> None:
    assert kind(vendor, status, body) is expected


IN_A_STREAM: list[tuple[str, object, Kind]] = [
    ("openai", {"error": {"message": "The server had an error"}}, UpstreamError),
    ("openai", openai(None, "invalid_request_error"), InvalidRequestError),
    ("openai", openai(None, "", "Rate limit reached"), RateLimitedError),
    ("openai", openai(None, "", "The engine is overloaded"), ProviderUnavailableError),
    (
        "anthropic",
        {"type": "error", "error": {"type": "overloaded_error"}},
        ProviderUnavailableError,
    ),
    ("anthropic", {"type": "error", "error": {"type": "rate_limit_error"}}, RateLimitedError),
    ("vllm", openai(400, "BadRequestError", "maximum context length is 9"), ContextTooLongError),
    ("", openai(400), InvalidRequestError),
    ("", openai(429), RateLimitedError),
    ("groq", openai("tool_use_failed", "invalid_request_error"), UpstreamError),
    ("ollama", {"error": "an error was encountered"}, UpstreamError),
    ("dashscope", {"code": "DataInspectionFailed", "message": ""}, ContentFilteredError),
]


@pytest.mark.parametrize(("vendor", "body", "expected"), IN_A_STREAM)
@pytest.mark.parametrize("status", [None, 200])
def test_a_refusal_inside_a_stream_is_judged_without_a_status(
    vendor: str, body: object, expected: Kind, status: int | None
) -> None:
    assert kind(vendor, status, body) is expected


def test_a_quoted_question_does_not_change_what_a_status_means() -> None:
    quoted = "Invalid value for 'messages': 'why is there a 429 rate limit, insufficient_quota?'"

    assert kind("openai", 400, openai(None, "invalid_request_error", quoted)) is InvalidRequestError


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, UpstreamError),
        (400, InvalidRequestError),
        (418, InvalidRequestError),
        (502, UpstreamError),
        (504, ProviderTimeoutError),
        (520, UpstreamError),
    ],
)
def test_a_body_of_no_sense_leaves_the_status(status: int, expected: Kind) -> None:
    body = b"<html>\xff</html>"

    assert type(failure(vendor="openai", status=status, body=body)) is expected


def test_the_error_says_what_the_vendor_said_but_not_in_its_words() -> None:
    body = json.dumps(openai("rate_limit_exceeded", message="You said: hello")).encode()

    error = failure(vendor="openai", status=429, body=body)

    assert (error.raw_code, error.raw_status) == ("rate_limit_exceeded", 429)
    assert str(error) == "openai refused: 429 rate_limit_exceeded"


def test_a_code_that_is_a_text_is_cut_to_a_word() -> None:
    error = failure(vendor="", status=400, body=b'{"error":{"code":"Your prompt: \\u4f60 is bad"}}')

    assert error.raw_code == "Your_prompt:_is_bad"
    assert len(failure(vendor="", body=json.dumps(openai("x" * 500)).encode()).raw_code) == 80


def test_nothing_said_is_a_broken_provider() -> None:
    assert str(failure(vendor="", body=b"")) == "the provider refused: without a reason"


def test_a_timeout_over_there_is_one_before_the_first_content() -> None:
    error = failure(vendor="openai", status=504, body=b"", headers={"Retry-After": "3"})

    assert isinstance(error, ProviderTimeoutError)
    assert (error.phase, error.retry_after_seconds) == (DeadlinePhase.FIRST, 3.0)
    assert error.raw_status == 504


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "error",
                        "code",
                        "message",
                        "type",
                        "details",
                        "status",
                        "Response",
                        "innererror",
                        "violations",
                        "retryDelay",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_no_body_is_too_strange(body: object) -> None:
    assert isinstance(
        failure(vendor="openai", status=500, body=json.dumps(body).encode()), ProviderError
    )


def test_a_status_in_the_body_counts_less_than_a_word() -> None:
    assert complaint_of(b'{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}') == Complaint(
        codes=("RESOURCE_EXHAUSTED", "429"), message="", status=429
    )
