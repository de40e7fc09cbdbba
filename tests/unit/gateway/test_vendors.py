"""Who speaks OpenAI's chat wire, and with what accent."""

import pytest

from gateway.adapters.providers.vendors import (
    VENDORS,
    Auth,
    Vendor,
    headers_of,
    url_of,
    vendor_of,
)
from gateway.domain.catalog import Provider, Secret
from gateway.domain.messages import Dialect

CHAT = "chat/completions"


def provider(vendor: str, base_url: str = "", key: str = "k", **options: str) -> Provider:
    return Provider(
        "p",
        "openai_chat",
        Dialect.OPENAI,
        vendor=vendor,
        base_url=base_url,
        credential=Secret(key),
        options=options,
    )


def url(found: Provider, model: str = "m", path: str = CHAT) -> str:
    return url_of(found, vendor_of(found), model=model, path=path)


def headers(found: Provider) -> dict[str, str]:
    return headers_of(found, vendor_of(found))


@pytest.mark.parametrize(
    ("vendor", "address"),
    [
        ("openai", "https://api.openai.com/v1/chat/completions"),
        ("dashscope", "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"),
        ("bailian", "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"),
        ("qianfan", "https://qianfan.baidubce.com/v2/chat/completions"),
        ("hunyuan", "https://tokenhub.tencentmaas.com/v1/chat/completions"),
        ("ark", "https://ark.cn-beijing.volces.com/api/v3/chat/completions"),
        ("doubao", "https://ark.cn-beijing.volces.com/api/v3/chat/completions"),
        ("zhipu", "https://open.bigmodel.cn/api/paas/v4/chat/completions"),
        ("glm", "https://open.bigmodel.cn/api/paas/v4/chat/completions"),
        ("zai", "https://api.z.ai/api/paas/v4/chat/completions"),
        ("ernie", "https://qianfan.baidubce.com/v2/chat/completions"),
        ("tencent", "https://tokenhub.tencentmaas.com/v1/chat/completions"),
        ("deepseek", "https://api.deepseek.com/chat/completions"),
        ("vllm", "http://127.0.0.1:8000/v1/chat/completions"),
        ("ollama", "http://127.0.0.1:11434/v1/chat/completions"),
    ],
)
def test_every_vendor_has_its_address(vendor: str, address: str) -> None:
    assert url(provider(vendor)) == address


def test_any_address_will_do() -> None:
    assert url(provider("", "http://box/v1/")) == "http://box/v1/chat/completions"
    assert url(provider("", "http://box/v1/chat/completions")) == "http://box/v1/chat/completions"
    assert url(provider("", "http://box/v1"), path="embeddings") == "http://box/v1/embeddings"


@pytest.mark.parametrize(
    ("base_url", "options", "address"),
    [
        ("https://r.openai.azure.com", {}, "/openai/v1/chat/completions"),
        ("https://r.openai.azure.com/openai", {}, "/openai/v1/chat/completions"),
        ("https://r.openai.azure.com/openai/v1/", {}, "/openai/v1/chat/completions"),
        (
            "https://r.openai.azure.com",
            {"api_version": "preview"},
            "/openai/v1/chat/completions?api-version=preview",
        ),
        (
            "https://r.openai.azure.com",
            {"url_style": "deployments"},
            "/openai/deployments/my-dep/chat/completions?api-version=2024-10-21",
        ),
        (
            "https://r.openai.azure.com/openai",
            {"url_style": "deployments", "api_version": "2025-01-01"},
            "/openai/deployments/my-dep/chat/completions?api-version=2025-01-01",
        ),
        (
            "https://r.openai.azure.com/openai/deployments/other",
            {"url_style": "deployments"},
            "/openai/deployments/other/chat/completions?api-version=2024-10-21",
        ),
    ],
)
def test_azure_has_two_styles_of_address(
    base_url: str, options: dict[str, str], address: str
) -> None:
    found = provider("azure", base_url, **options)

    assert url(found, model="my-dep") == f"https://r.openai.azure.com{address}"


def test_a_model_cannot_leave_its_place_in_an_address() -> None:
    found = provider("azure", "https://r", url_style="deployments")

    assert "/deployments/..-x-y/chat" in url(found, model="../x?y")


def test_the_key_goes_where_the_vendor_wants_it() -> None:
    assert headers(provider("openai")) == {"Authorization": "Bearer k"}
    assert headers(provider("azure", "https://r")) == {"api-key": "k"}
    assert headers(provider("azure", "https://r", auth="bearer")) == {"Authorization": "Bearer k"}
    assert headers(provider("vllm", key="")) == {}
    assert headers(provider("ollama", auth="none")) == {}


def test_blanks_around_a_key_are_a_slip_of_the_hand() -> None:
    assert headers(provider("openai", key=" k\n")) == {"Authorization": "Bearer k"}


def test_an_operator_may_add_headers() -> None:
    found = provider("qianfan", **{"header.appid": "app-1"})

    assert headers(found) == {"Authorization": "Bearer k", "appid": "app-1"}


def test_options_win_over_the_row() -> None:
    found = vendor_of(
        provider(
            "hunyuan",
            auth="none",
            thinking="switch",
            stop_is_said="false",
            retracts="0",
            drop_params=" seed ,,user",
        )
    )

    assert found.auth is Auth.NONE
    assert not found.stop_is_said
    assert not found.retracts
    assert found.drops == VENDORS["hunyuan"].drops | {"seed", "user"}


def test_a_vendor_without_a_row_keeps_its_name_for_its_codes() -> None:
    assert vendor_of(provider("moonshot", "http://x")) == Vendor(name="moonshot")
    assert vendor_of(provider("", "http://x")) == Vendor()
