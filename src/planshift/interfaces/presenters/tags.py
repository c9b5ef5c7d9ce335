"""Template filters and tags of every door (built in by settings.TEMPLATES): money, dates, words, icons, states."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from planshift.interfaces.presenters import acting, amounts, lines, notices, reasons, states, steps, working
from planshift.interfaces.presenters.icons import ICONS

register = template.Library()

register.filter("money", amounts.money)
register.filter("exactly", amounts.exactly)
register.filter("clock_time", amounts.clock_time)
register.filter("signed", amounts.signed)
register.filter("number", amounts.number)
register.filter("quantity", amounts.quantity)
register.filter("percent", amounts.percent)
register.filter("day", amounts.day)
register.filter("short_day", amounts.short_day)
register.filter("moment", amounts.moment)
register.filter("until", amounts.until)
register.filter("words", amounts.words)
register.filter("sentence", reasons.sentence)
register.filter("trouble", steps.trouble)
register.filter("who", acting.who)
register.filter("period", states.period)
register.filter("months", states.months)
register.filter("when", amounts.time_tag)


@register.simple_tag
def icon(name: str, css: str = "icon") -> SafeString:
    """An inline SVG from presenters/icons.py; decorative, so hidden from screen readers."""
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        css,
        mark_safe(ICONS[name]),  # noqa: S308  # a constant of ours
    )


@register.simple_tag
def state(aggregate: str, code: str) -> SafeString:
    """A badge with the state in words: {% state "change" change.state %}."""
    label, tone = states.of(aggregate, code)
    return format_html('<span class="badge{}">{}</span>', f" badge--{tone}" if tone else "", label)


@register.simple_tag
def state_words(aggregate: str, code: str) -> str:
    """The state in words, without a badge."""
    return str(states.of(aggregate, code)[0])


@register.simple_tag
def line_words(line: Any, names: Any) -> dict[str, str]:
    """Title and note of a quote's or order's line, as {"title", "note"}."""
    return lines.describe(line, names)


@register.simple_tag
def working_steps(steps: Any, names: Any) -> list[working.Shown]:
    """Steps of the working, worded."""
    return [working.show(step, names) for step in steps]


@register.simple_tag
def notice_text(notice: Any, names: Any = None) -> notices.Text:
    """Title and text of a notice to acknowledge."""
    return notices.text(notice.code, notice.facts, names or {})


@register.simple_tag
def asset(path: str) -> str:
    """The URL of a static file with a mark of its content, so that a new version is fetched at once."""
    mark = _mark(path) if not settings.DEBUG else _mark.__wrapped__(path)
    return f"{static(path)}?v={mark}"


@cache
def _mark(path: str) -> str:
    found = finders.find(path)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10] if isinstance(found, str) else "0"


@register.filter
def initials(name: str) -> str:
    """Up to two capital letters for an avatar: "Demo Shop" is "DS"."""
    return "".join(part[0] for part in str(name).split()[:2]).upper()


@register.filter
def styled(field: Any) -> SafeString:
    """A bound form field with our input class and, when it has an error, aria-invalid and a link to its text."""
    attrs = {"class": "input"}
    if field.errors:
        attrs |= {"aria-invalid": "true", "aria-describedby": f"{field.auto_id}_error"}
    return field.as_widget(attrs=attrs)  # type: ignore[no-any-return]
