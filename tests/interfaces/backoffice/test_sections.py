"""Does every page of the back office say where it is, and is every section reached from every page?"""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from planshift.interfaces.backoffice import sections

Enter = Callable[..., Client]
ENTRIES = [(section, entry) for section in sections.SECTIONS for entry in section.entries]


@pytest.mark.parametrize(("section", "entry"), ENTRIES, ids=[entry.here for _, entry in ENTRIES])
def test_a_page_marks_itself_and_its_section(section: sections.Section, entry: sections.Entry, enter: Enter) -> None:
    answer = enter("personale").get(reverse(entry.url))
    page = answer.content.decode()
    nav = re.findall(r'<nav class="nav".*?</nav>', page, re.DOTALL)
    assert answer.status_code == 200 and len(nav) == 1
    current = re.findall(r'<a href="([^"]+)"[^>]* aria-current="page"', nav[0])
    assert current == [reverse(entry.url)]
    opened = re.findall(r'<summary aria-current="true">([^<]+)<', nav[0])
    assert opened == ([] if section.only else [str(section.title)])
    for _, each in ENTRIES:
        assert f'href="{reverse(each.url)}"' in nav[0]
