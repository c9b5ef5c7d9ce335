"""Who acted, in words?"""

from collections.abc import Mapping

from django.utils.translation import gettext as _


def who(actor: str, names: Mapping[str, str] | None = None) -> str:
    """A person by name (`names`: of procedures.queries.actors), a command, a token or the house; else as it is written,
    such as the name of a worker."""
    kind, _colon, code = actor.partition(":")
    if kind == "user":
        return (names or {}).get(actor) or _("User %(number)s") % {"number": code}
    if kind == "staff" and code:
        return _("%(name)s, by a command") % {"name": code}
    if kind == "token":
        return _("API token %(prefix)s") % {"prefix": code}
    return _("By itself") if kind == "run" else actor
