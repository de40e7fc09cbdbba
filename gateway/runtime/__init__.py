"""The composition root: reads settings once, builds the adapters, owns the loops they live on."""

from gateway.runtime.engines import (
    aclose_engine_here,
    ask,
    call,
    engine_here,
    ports,
)
from gateway.runtime.handover import Handover, speak
from gateway.runtime.hubs import aclose_hub, hub
from gateway.runtime.states import read_state
from gateway.runtime.stores import notices
from gateway.runtime.wiring import TURNS, ledger, provider_names

__all__ = [
    "TURNS",
    "Handover",
    "aclose_engine_here",
    "aclose_hub",
    "ask",
    "call",
    "engine_here",
    "hub",
    "ledger",
    "notices",
    "ports",
    "provider_names",
    "read_state",
    "speak",
]
