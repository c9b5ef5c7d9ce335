"""Can a screen reader follow every page: one main heading, no level left out, each field named, each reference kept?"""

from collections import Counter
from collections.abc import Callable

import pytest
from django.test import Client
from lxml import html

Enter = Callable[..., Client]
OF_SERVICE = ("", "plans/", "resources/", "period/")
PANEL = ("/services/", "/invoices/", "/payments/", "/help/", "/help/regulation/")
STAFF = (
    *("changes/", "deadlines/", "clients/", "imports/", "help-votes/", "orders/", "bank/", "prepaid/"),
    *("mails/", "runs/", "runs/search/?q=CH", "tasks/", "drift/", "drift/?closed=1"),
)


def faults(content: bytes) -> list[str]:
    """What a screen reader would stumble over."""
    page = html.fromstring(content.decode())
    ids = Counter(each.get("id") for each in page.iter() if each.get("id"))
    found = [f"two of {name}" for name, count in ids.items() if count > 1]
    for each in page.iter():
        for reference in ("aria-labelledby", "aria-describedby", "for"):
            found += [f"{reference}={name}" for name in (each.get(reference) or "").split() if name not in ids]
    levels = [int(each.tag[1]) for each in page.iter("h1", "h2", "h3", "h4")]
    if levels.count(1) != 1:
        found.append(f"{levels.count(1)} main headings")
    found += [f"h{low} below h{high}" for high, low in zip([0, *levels], levels, strict=False) if low > high + 1]
    named = {each.get("for") for each in page.iter("label") if each.get("for")}
    for field in page.iter("input", "select", "textarea"):
        inside = any(above.tag == "label" for above in field.iterancestors())
        named_so = field.get("aria-label") or field.get("aria-labelledby") or field.get("id") in named
        if field.get("type") != "hidden" and not inside and not named_so:
            found.append(f"a field without a name: {field.get('name')}")
    return found


def test_the_measure_itself() -> None:
    page = b'<h1>a</h1><h3 id="x">b</h3><p id="x" aria-labelledby="y"></p><input name="n"><label>c <input></label>'
    assert faults(page) == ["two of x", "aria-labelledby=y", "h3 below h1", "a field without a name: n"]


@pytest.mark.parametrize("person", ["silver", "decrease", "cloud"])
def test_pages_of_the_panel(person: str, enter: Enter, service_of: Callable[[str], str]) -> None:
    browser, service = enter(person), service_of(person)
    for path in (*PANEL, *(f"/services/{service}/{part}" for part in OF_SERVICE)):
        answer = browser.get(path)
        assert (path, answer.status_code, faults(answer.content)) == (path, 200, [])


def test_pages_of_the_back_office(enter: Enter, ordered: Callable[..., str]) -> None:
    change, browser = ordered("pointer", "gold"), enter("personale")
    for path in (*STAFF, f"changes/{change}/"):
        answer = browser.get(f"/staff/{path}")
        assert (path, answer.status_code, faults(answer.content)) == (path, 200, [])
