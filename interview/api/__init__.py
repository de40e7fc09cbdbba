"""The REST API of the game, under ``/api``."""

from ninja import NinjaAPI

from interview.api import errors, resumes, rooms, sceneries

api = NinjaAPI(
    title="Hotseat",
    version="1",
    description="Rooms, answers, events. Errors are RFC 9457 problem documents.",
    urls_namespace="api",
)
api.add_router("/sceneries", sceneries.router)
api.add_router("/resumes", resumes.router)
api.add_router("/rooms", rooms.router)
errors.add_handlers(api)

__all__ = ["api"]
