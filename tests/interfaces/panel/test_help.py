"""The help pages in the panel: made from the policy in force, in the reader's language, with votes (D10)."""

import pytest

from planshift.procedures import models


@pytest.mark.parametrize(
    ("language", "plan", "regulation"),
    [
        ("en", "Changing the plan", "Services upgrade: regulation of services"),
        ("pl", "Zmiana planu", "Upgrade usług: regulamin usług"),
        ("it", "Cambiare piano", "Upgrade dei servizi: regolamento dei servizi"),
    ],
)
def test_D10_the_pages_are_listed_in_the_reader_s_language(enter, language, plan, regulation):
    text = enter("silver", language=language).get("/help/").content.decode()
    assert plan in text
    assert regulation in text


def test_D10_a_page_shows_the_example_that_the_engine_computes(enter):
    response = enter("silver").get("/help/plan/")
    text = response.content.decode().replace("\u00a0", " ")
    assert response.status_code == 200
    assert "(135.00 − 69.00) × 4 / 12 = €22.00" in text
    assert text.count("<h1>") == 1


def test_D10_readers_say_whether_a_page_helped_and_may_change_it(enter):
    browser = enter("silver")
    browser.post("/help/plan/vote/", {"helpful": "yes"})
    browser.post("/help/plan/vote/", {"helpful": "no"})
    assert list(models.HelpVote.objects.values_list("page", "helped")) == [("plan", False)]


def test_a_page_that_this_policy_does_not_have_is_not_found(enter):
    browser = enter("silver")
    assert [browser.get(f"/help/{slug}/").status_code for slug in ("deposit", "nothing")] == [404, 404]
    assert browser.post("/help/nothing/vote/", {"helpful": "yes"}).status_code == 404
    assert models.HelpVote.objects.count() == 0
