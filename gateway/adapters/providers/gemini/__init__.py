"""Gemini's generateContent as a ChatProvider, at Google's AI door and at Vertex's."""

from gateway.adapters.providers.gemini.provider import GeminiProvider

__all__ = ["GeminiProvider"]
