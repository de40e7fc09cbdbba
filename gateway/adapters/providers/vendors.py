"""Who speaks OpenAI's chat wire, and with what accent: one row of data per vendor.

An operator's ``options`` of a provider win over its row; see `vendor_of`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec
from aiohttp import hdrs

from gateway.domain.catalog import Provider
from gateway.domain.vendors import usual_name

Fields = tuple[tuple[str, msgspec.Raw], ...]
YES, NO = msgspec.Raw(b"true"), msgspec.Raw(b"false")

AZURE_DATED_VERSION = "2024-10-21"


class Auth(StrEnum):
    """Where the key goes."""

    BEARER = "bearer"
    API_KEY = "api-key"
    NONE = "none"


class UrlStyle(StrEnum):
    """How an address is made from the base URL."""

    PLAIN = "plain"  # {base}/chat/completions
    AZURE = "azure"  # {base}/openai/v1/chat/completions, the deployment is the body's model
    DEPLOYMENTS = "deployments"  # {base}/openai/deployments/{model}/chat/completions


class Thinking(StrEnum):
    """How a vendor is asked to think more or less."""

    EFFORT = "effort"  # reasoning_effort: low ...
    SWITCH = "switch"  # enable_thinking: true
    TYPE = "type"  # thinking: {type: enabled}
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Vendor:
    """One accent.

    ``name`` also chooses the table of error codes. ``drops`` are fields that are refused or
    misread there. ``extra`` is added to every body, ``prefill`` to one whose last message is an
    answer begun, and ``prefill_mark`` to that message. ``asks_usage`` says that a stream tells
    its usage only when asked to. ``thinks_unasked``: it thinks unless told not to, and refuses
    calls of tools that come back without the thoughts before them. ``takes_effort``: it may be
    told how hard to think beside whether to. ``keeps_reasoning`` sends all thoughts back on later
    turns.
    ``stop_is_said``: the stop text is part of the answer and has to be cut off.
    ``retracts``: a verdict of the filter at the end takes back what was shown.
    """

    name: str = ""
    base_url: str = ""
    auth: Auth = Auth.BEARER
    url_style: UrlStyle = UrlStyle.PLAIN
    api_version: str = ""
    max_tokens_field: str = "max_tokens"
    drops: frozenset[str] = frozenset()
    extra: Fields = ()
    asks_usage: bool = True
    thinking: Thinking = Thinking.EFFORT
    thinks_unasked: bool = False
    takes_effort: bool = False
    keeps_reasoning: bool = False
    stop_is_said: bool = False
    retracts: bool = False
    prefill: Fields = ()
    prefill_mark: str = ""


GENERIC = Vendor()
VENDORS: Mapping[str, Vendor] = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            name="openai",
            base_url="https://api.openai.com/v1",
            max_tokens_field="max_completion_tokens",
        ),
        Vendor(
            name="azure",
            auth=Auth.API_KEY,
            url_style=UrlStyle.AZURE,
            max_tokens_field="max_completion_tokens",
        ),
        Vendor(
            name="dashscope",
            base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
            thinking=Thinking.SWITCH,
            prefill_mark="partial",
        ),
        Vendor(
            name="qianfan",
            base_url="https://qianfan.baidubce.com/v2",
            thinking=Thinking.SWITCH,
            retracts=True,
        ),
        Vendor(
            name="hunyuan",
            # The vendor's older door, api.hunyuan.cloud.tencent.com, was closed on 2026-09-30.
            base_url="https://tokenhub.tencentmaas.com/v1",
            thinking=Thinking.NONE,
            stop_is_said=True,
            retracts=True,
            drops=frozenset({"parallel_tool_calls", "logit_bias", "n"}),
        ),
        Vendor(
            name="ark",
            base_url="https://ark.cn-beijing.volces.com/api/v3",
            thinking=Thinking.TYPE,
            retracts=True,
        ),
        Vendor(
            name="zhipu",
            base_url="https://open.bigmodel.cn/api/paas/v4",
            thinking=Thinking.TYPE,
            thinks_unasked=True,
            retracts=True,
        ),
        Vendor(
            name="zai",  # the same house's other door, with prices of its own
            base_url="https://api.z.ai/api/paas/v4",
            thinking=Thinking.TYPE,
            thinks_unasked=True,
            retracts=True,
        ),
        Vendor(
            name="deepseek",
            base_url="https://api.deepseek.com",
            thinking=Thinking.TYPE,
            thinks_unasked=True,
            takes_effort=True,
            prefill_mark="prefix",
        ),
        Vendor(
            name="vllm",
            base_url="http://127.0.0.1:8000/v1",
            prefill=(("continue_final_message", YES), ("add_generation_prompt", NO)),
        ),
        Vendor(
            name="ollama",
            base_url="http://127.0.0.1:11434/v1",
            drops=frozenset({"tool_choice", "logit_bias", "n"}),
        ),
    )
}


def vendor_of(provider: Provider) -> Vendor:
    """Return the provider's accent: its vendor's row, changed by its own options.

    Options read: ``auth`` (bearer, api-key, none), ``url_style`` (plain, azure, deployments),
    ``api_version``, ``max_tokens_field``, ``drop_params`` (names, by comma), ``extra_body`` (a
    JSON object), ``thinking`` (effort, switch, type, none); and, as true or false,
    ``include_usage`` (ask for usage), ``keep_reasoning``, ``stop_is_said``, ``retracts``.
    """
    row = VENDORS.get(usual_name(provider.vendor), GENERIC)
    if row.name != provider.vendor and not row.name:
        row = replace(row, name=provider.vendor)
    given = provider.options
    if not given:
        return row
    dropped = {name.strip() for name in given.get("drop_params", "").split(",")} - {""}
    return replace(
        row,
        auth=Auth(given.get("auth", row.auth)),
        url_style=UrlStyle(given.get("url_style", row.url_style)),
        api_version=given.get("api_version", row.api_version),
        max_tokens_field=given.get("max_tokens_field", row.max_tokens_field),
        drops=row.drops | dropped,
        extra=(*row.extra, *_object(given.get("extra_body", "{}")).items()),
        asks_usage=_is_true(given, "include_usage", row.asks_usage),
        thinking=Thinking(given.get("thinking", row.thinking)),
        keeps_reasoning=_is_true(given, "keep_reasoning", row.keeps_reasoning),
        stop_is_said=_is_true(given, "stop_is_said", row.stop_is_said),
        retracts=_is_true(given, "retracts", row.retracts),
    )


def url_of(provider: Provider, vendor: Vendor, *, model: str, path: str) -> str:
    """Return where to post a call to ``path`` (``chat/completions`` ...)."""
    url = (provider.base_url or vendor.base_url).rstrip("/").removesuffix(f"/{path}")
    version = vendor.api_version
    if vendor.url_style is UrlStyle.DEPLOYMENTS:
        version = version or AZURE_DATED_VERSION
        if "/deployments/" not in url:
            url = f"{url.removesuffix('/openai')}/openai/deployments/{_in_path(model)}"
    elif vendor.url_style is UrlStyle.AZURE and not url.endswith("/openai/v1"):
        url = f"{url.removesuffix('/openai')}/openai/v1"
    return f"{url}/{path}" + (f"?api-version={version}" if version else "")


def headers_of(provider: Provider, vendor: Vendor) -> dict[str, str]:
    """Return the headers of a call; options named ``header.X`` become headers."""
    headers = {
        name.removeprefix("header."): value
        for name, value in provider.options.items()
        if name.startswith("header.")
    }
    key = provider.credential.reveal().strip()
    if key and vendor.auth is Auth.BEARER:
        headers[hdrs.AUTHORIZATION] = f"Bearer {key}"
    elif key and vendor.auth is Auth.API_KEY:
        headers["api-key"] = key
    return headers


def _in_path(model: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in model)


def _is_true(given: Mapping[str, str], name: str, otherwise: bool) -> bool:
    return given[name].strip().lower() in {"true", "1", "yes"} if name in given else otherwise


def _object(text: str) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
