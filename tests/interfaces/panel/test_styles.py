"""Both colour schemes keep WCAG AA: contrast of every pair of text and ground that the styles use."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parents[3] / "src/planshift/interfaces/static/planshift/css"
TOKENS = dict(
    re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\);", (STYLES / "1-base.css").read_text())
)
GROUNDS = ("ground", "surface", "sunken", "raised")
# text token, ground token, smallest ratio: 4.5 for text, 3 for the edge of a field or a sign
PAIRS = [(text, ground, 4.5) for text in ("ink", "ink-2", "ink-3", "accent-ink") for ground in GROUNDS]
PAIRS += [(tone, f"{tone}-tint", 4.5) for tone in ("good", "warn", "bad")]
PAIRS += [(tone, "surface", 4.5) for tone in ("good", "warn", "bad")]
PAIRS += [("accent-ink", "accent-tint", 4.5), ("ink-2", "accent-tint", 4.5), ("ink", "warn-tint", 4.5)]
PAIRS += [("field-line", "surface", 3.0), ("focus", "ground", 3.0), ("focus", "surface", 3.0)]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def shade(token: str, scheme: int) -> str:
    return TOKENS[token].split(", ")[scheme]


def test_the_measure_itself() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48  # the well-known grey that just fails


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground", "least"), PAIRS, ids=lambda each: str(each))
def test_contrast(text: str, ground: str, least: float, scheme: int) -> None:
    assert contrast(shade(text, scheme), shade(ground, scheme)) >= least


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("fill", ["accent-fill", "accent-fill-hover"])
def test_white_on_the_main_button(fill: str, scheme: int) -> None:
    assert contrast("#ffffff", shade(fill, scheme)) >= 4.5


def test_no_template_needs_what_the_content_policy_forbids() -> None:
    for file in (STYLES.parents[2] / "templates").rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script>", text), file
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text), file
