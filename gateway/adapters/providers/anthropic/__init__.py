"""Anthropic's messages as a ChatProvider."""

from gateway.adapters.providers.anthropic.provider import AnthropicProvider

__all__ = ["AnthropicProvider"]
