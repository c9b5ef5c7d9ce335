"""What is a regulation's page made of, and how is it written as Markdown or HTML?

A page is data: numbered sections of numbered paragraphs, lists, formulas and worked examples. Texts in it are plain;
each writer escapes them for its own format.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One numbered paragraph, perhaps with a list below it."""

    text: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Formula:
    """A calculation in words, set apart."""

    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: what is given, the calculation line by line, the result."""

    title: str
    given: tuple[str, ...]
    working: tuple[tuple[str, str], ...]  # (what, calculation with its result)
    result: str
    operation: str = ""  # plan, resources or period


Block: TypeAlias = Paragraph | Formula | Example


@dataclass(frozen=True, slots=True)
class Section:
    """One section; `code` is its stable name, in every language ("costs")."""

    code: str
    heading: str
    blocks: tuple[Block, ...]
    number: int = 0

    def html(self) -> str:
        """The section as a semantic fragment."""
        return "\n".join(_section_html(self))

    def markdown(self) -> str:
        """The section as Markdown."""
        return "\n".join(_section_markdown(self))


@dataclass(frozen=True, slots=True)
class Page:
    """The regulation in one language."""

    title: str
    language: str
    preamble: tuple[str, ...]
    sections: tuple[Section, ...]
    footer: str = ""
    slug: str = "regulation"
    lead: str = ""  # one sentence for a list of pages

    def section(self, code: str) -> Section | None:
        """The section called `code`, None where this policy has nothing to say on it."""
        return next((section for section in self.sections if section.code == code), None)

    def markdown(self) -> str:
        """The whole page as Markdown."""
        parts = [f"# {_md(self.title)}", *(_md(text) for text in self.preamble)]
        parts += [section.markdown() for section in self.sections]
        parts += [f"*{_md(self.footer)}*"] if self.footer else []
        return "\n\n".join(parts) + "\n"

    def body(self) -> str:
        """What stands below the title, as a fragment for a page that has its own article and heading."""
        lines = ["<header>", *(f"<p>{_html(text)}</p>" for text in self.preamble), "</header>"] if self.preamble else []
        lines += [section.html() for section in self.sections]
        lines += [f"<footer><p>{_html(self.footer)}</p></footer>"] if self.footer else []
        return "\n".join(lines) + "\n"

    def html(self) -> str:
        """The page as a fragment, an article with its title."""
        opening = f'<article class="regulation" lang="{self.language}">\n<h1>{_html(self.title)}</h1>\n'
        return f"{opening}{self.body()}</article>\n"

    def document(self) -> str:
        """The page as a file of its own, to be read on a screen or printed."""
        return _DOCUMENT.format(language=self.language, title=_html(self.title), style=_STYLE, body=self.html())


def _html(text: str) -> str:
    return html.escape(text, quote=True)


def _md(text: str) -> str:
    """Plain text as Markdown: what could be taken for markup is escaped."""
    escaped = re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", re.sub(r"^([-+])(?=\s)", r"\\\1", escaped))


def _section_html(section: Section) -> Iterator[str]:
    name = f"s-{section.code}"
    yield f'<section id="{name}" aria-labelledby="{name}-h">'
    yield f'<h2 id="{name}-h"><span class="number">{section.number}.</span> {_html(section.heading)}</h2>'
    count = 0
    for block in section.blocks:
        if isinstance(block, Paragraph):
            count += 1
            number = f"{section.number}.{count}"
            yield f'<p id="p-{number}"><span class="number">{number}</span> {_html(block.text)}</p>'
            if block.items:
                yield "<ul>" + "".join(f"<li>{_html(item)}</li>" for item in block.items) + "</ul>"
        elif isinstance(block, Formula):
            yield f'<p class="formula">{_html(block.text)}</p>'
        else:
            yield from _example_html(block)
    yield "</section>"


def _example_html(example: Example) -> Iterator[str]:
    yield '<figure class="example">'
    yield f"<figcaption>{_html(example.title)}</figcaption>"
    yield "<ul>" + "".join(f"<li>{_html(item)}</li>" for item in example.given) + "</ul>"
    yield "<dl>"
    yield from (f"<dt>{_html(what)}</dt><dd>{_html(sum_)}</dd>" for what, sum_ in example.working)
    yield "</dl>"
    yield f'<p class="result">{_html(example.result)}</p>'
    yield "</figure>"


def _section_markdown(section: Section) -> Iterator[str]:
    yield f"## {section.number}. {_md(section.heading)}"
    count = 0
    for block in section.blocks:
        yield ""
        if isinstance(block, Paragraph):
            count += 1
            yield f"**{section.number}.{count}** {_md(block.text)}"
            if block.items:
                yield ""
                yield from (f"- {_md(item)}" for item in block.items)
        elif isinstance(block, Formula):
            yield f"> {_md(block.text)}"
        else:
            yield from _example_markdown(block)


def _example_markdown(example: Example) -> Iterator[str]:
    yield f"**{_md(example.title)}**"
    yield ""
    yield from (f"- {_md(item)}" for item in example.given)
    yield ""
    yield "| | |\n| :-- | :-- |"
    yield from (f"| {_md(what)} | {_md(sum_)} |" for what, sum_ in example.working)
    yield ""
    yield f"**{_md(example.result)}**"


_DOCUMENT = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}</body>
</html>
"""

_STYLE = """\
:root { color-scheme: light; --ink: #1c2430; --quiet: #5b6675; --line: #d5dbe3; --tint: #f4f6f9; --mark: #1f5f8b; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 1.0625rem/1.6 Georgia, "Times New Roman", serif; }
.regulation { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1, h2, figcaption, .number, dt, .result { font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .8rem; padding-top: .8rem; border-top: 1px solid var(--line); }
header p { color: var(--quiet); }
section > p { position: relative; padding-left: 3rem; margin: .7rem 0; }
section > p > .number { position: absolute; left: 0; color: var(--quiet); font-size: .9rem; line-height: 1.8; }
section > ul { padding-left: 4.2rem; margin: .3rem 0 .9rem; }
li { margin: .25rem 0; }
section > p.formula { margin-left: 3rem; padding: .7rem 1rem; background: var(--tint); }
section > p.formula { border-left: 3px solid var(--mark); }
.example { margin: 1.2rem 0 1.2rem 3rem; padding: 1rem 1.2rem; border: 1px solid var(--line); border-radius: .4rem; }
.example figcaption { font-weight: 600; }
.example ul { margin: .5rem 0; padding-left: 1.2rem; }
.example dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .25rem 1rem; margin: .8rem 0; }
.example dt { color: var(--quiet); font-size: .9rem; }
.example dd { margin: 0; font-variant-numeric: tabular-nums; }
.result { font-weight: 600; margin: .4rem 0 0; }
footer { margin-top: 3rem; color: var(--quiet); font-size: .85rem; border-top: 1px solid var(--line); }
@media (max-width: 36rem) {
  section > p { padding-left: 0; }
  section > p > .number { position: static; margin-right: .4rem; }
  section > ul { padding-left: 1.4rem; }
  section > p.formula, .example { margin-left: 0; }
  .example dl { grid-template-columns: 1fr; }
  .example dd { margin-bottom: .5rem; }
}
@media print {
  @page { size: A4; margin: 22mm 20mm; }
  body { font-size: 10.5pt; }
  .regulation { max-width: none; padding: 0; }
  h2 { break-after: avoid; margin-top: 1.6rem; }
  p, li { orphans: 3; widows: 3; }
  .example, .formula { break-inside: avoid; }
}
"""
