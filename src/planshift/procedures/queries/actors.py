"""Who was it? The names of people behind what the audit writes."""

from collections.abc import Iterable, Mapping

from django.contrib.auth import get_user_model

USER = "user:"


def names(*, actors: Iterable[str]) -> Mapping[str, str]:
    """actor → name, or address, of the person; only of users that are there. One statement, none where no user is."""
    numbers = {each.removeprefix(USER) for each in actors if each.startswith(USER)}
    pks = [int(each) for each in numbers if each.isascii() and each.isdigit() and len(each) < 10]
    if not pks:
        return {}
    return {
        f"{USER}{user.pk}": user.get_full_name() or user.email for user in get_user_model().objects.filter(pk__in=pks)
    }
