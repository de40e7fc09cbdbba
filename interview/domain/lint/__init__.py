"""What is wrong with content, said in its authors' own terms.

One set of rules for every way content comes in: files (`load_content`), the admin's forms and
the start-up checks. An error keeps content out; advice is said and let through.
"""

from interview.domain.lint.personas import lint_persona
from interview.domain.lint.problem import Problem, Severity, errors, has_errors
from interview.domain.lint.questions import lint_question
from interview.domain.lint.sceneries import lint_scenery
from interview.domain.lint.shelf import Shelf, lint_shelf

__all__ = [
    "Problem",
    "Severity",
    "Shelf",
    "errors",
    "has_errors",
    "lint_persona",
    "lint_question",
    "lint_scenery",
    "lint_shelf",
]
