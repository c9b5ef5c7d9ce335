"""What every template may need: is this a demo installation? Names of codes, where a page brings none."""

from django.conf import settings
from django.http import HttpRequest


def door(request: HttpRequest) -> dict[str, object]:
    """`demo`: True where people log in by a link (settings.DEMO); `names`: codes of the catalog → words;
    `languages`: each by its own name, never translated."""
    return {"demo": settings.DEMO, "names": {}, "languages": settings.LANGUAGES}
