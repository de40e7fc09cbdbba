"""Vendors that go by more than one name: their accents, codes and prices are one vendor's."""

from collections.abc import Mapping
from types import MappingProxyType

_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "bailian": "dashscope",
        "bigmodel": "zhipu",
        "doubao": "ark",
        "ernie": "qianfan",
        "glm": "zhipu",
        "tencent": "hunyuan",
        "vertex": "gemini",
        "volcengine": "ark",
    }
)


def usual_name(vendor: str) -> str:
    """Return the name a vendor has here; a vendor nobody knows keeps its own."""
    return _OTHER_NAMES.get(vendor, vendor)
