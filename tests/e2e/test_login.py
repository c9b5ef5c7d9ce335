"""Does the product stand, as a browser sees it?"""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_a_wrong_password_is_refused_in_words(page: Page, shot: Callable[[str], None]) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_text("The email address and/or password you specified are not correct.")).to_be_visible()
    shot("login-refused")
