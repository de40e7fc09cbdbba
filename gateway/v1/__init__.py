"""The data plane: OpenAI's and Anthropic's HTTP dialects, plain ASGI beside Django.

No Django handler, no ORM and no thread hop per request; see `app` for the routes.
"""
