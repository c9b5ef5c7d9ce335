"""What is wrong in which place of an imported file? Problems in words, and the manual of the format."""

from typing import Any

from django.utils.translation import gettext as _

from planshift.domain.errors import Reason
from planshift.domain.importing.report import Problem
from planshift.interfaces.presenters import reasons


def sentence(problem: Problem) -> str:
    """A problem in the language in force."""
    return reasons.sentence(Reason(problem.code, problem.facts))


def where(problem: Problem) -> str:
    """Its place: line, column, and the field."""
    place, field = problem.place, str(problem.facts.get("field", ""))
    told = _("line %(line)s, column %(column)s") % {"line": place.line, "column": place.column} if place.line else ""
    return ", ".join(each for each in (told, field) if each)


def line(problem: Problem) -> str:
    """Both, for a terminal."""
    return ": ".join(each for each in (where(problem), sentence(problem)) if each)


def row(problem: Problem) -> dict[str, Any]:
    """For a table of a page."""
    return {
        "line": problem.place.line or "",
        "column": problem.place.column or "",
        "field": problem.facts.get("field", ""),
        "text": sentence(problem),
    }
