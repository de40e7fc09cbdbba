"""What a change is answered with beside the thing itself."""

from django.utils.translation import gettext
from ninja import Schema

from gateway.domain.configuration import Problem


class WarningOut(Schema):
    """What had better not be so; the change was made all the same."""

    subject: str
    field: str
    message: str

    @classmethod
    def of(cls, problem: Problem) -> "WarningOut":
        """Return the problem in the language that was asked for."""
        return cls(
            subject=problem.subject,
            field=problem.field,
            message=gettext(problem.pattern) % problem.values,
        )


class Warned(Schema):
    """A thing as a change left it, with what the rules warn of."""

    warnings: list[WarningOut] = []
