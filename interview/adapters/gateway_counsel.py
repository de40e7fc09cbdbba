"""The gateway as the game's counsel: short questions to a judge or a director."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from gateway import facade
from interview.adapters.prompts import chat_request
from interview.domain import attributes
from interview.domain.ports import Inquiry, NoCounselError


class GatewayCounsel:
    """Models asked through ``gateway.facade``."""

    def follow(self) -> None:
        """Begin to follow the gateway's configuration; waits seconds at most for the first look."""
        facade.follow_configuration()

    def routes(self) -> frozenset[str]:
        """Return the model names that lead somewhere."""
        return facade.routes()

    def ask(self, inquiry: Inquiry) -> str:
        """Return the whole answer; raise NoCounselError with the code of what went wrong."""
        try:
            answer = facade.ask(
                chat_request(inquiry.prompt, request_id=inquiry.id, route=inquiry.route),
                budget_seconds=inquiry.seconds,
                attributes={
                    attributes.ROOM_ID: str(inquiry.room_id),
                    attributes.TURN_ID: inquiry.turn_id,
                },
                room_id=str(inquiry.room_id),
            )
        except facade.GatewayError as error:
            raise NoCounselError(error.code) from error
        return answer.text

    def ask_together(self, inquiries: Sequence[Inquiry]) -> list[str | NoCounselError]:
        """Return the answers, or why there is none, in order; all are asked at the same time."""
        with ThreadPoolExecutor(max_workers=max(1, len(inquiries))) as pool:
            asked = [
                # Each in the context of the one who asks, so that its span is known as a child.
                pool.submit(copy_context().run, self._answered, inquiry)
                for inquiry in inquiries
            ]
            return [each.result() for each in asked]

    def _answered(self, inquiry: Inquiry) -> str | NoCounselError:
        try:
            return self.ask(inquiry)
        except NoCounselError as failure:
            return failure
