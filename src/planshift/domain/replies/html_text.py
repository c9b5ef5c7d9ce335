"""What would a reader see of an HTML body? Text with `>` before what is quoted; hidden parts and pictures are gone."""

import re
from html.parser import HTMLParser

_LISTS = """
address article blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol
p pre section table tbody td tfoot th thead tr ul;
head script style title template noscript svg math object;
area base br col embed hr img input link meta source track wbr
"""
_BLOCKS, _UNSEEN, _VOID = (frozenset(each.split()) for each in _LISTS.split(";"))
_DEEPEST = 200
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|font-size:0(?![.\d])(?:px|pt|em)?|mso-hide:all|opacity:0(?![.\d])"
)
# a blockquote by which a mail program only indents
_INDENT = re.compile(r"margin:0(?:px)?0(?:px)?0(?:px)?40px")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[str] = []
        self.line = ""
        self.open: list[tuple[str, bool, bool]] = []  # element, hidden, quoting

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag == "br":
            self.end_line(always=tag == "br")
        if tag == "p":
            self.end_line(always=True)  # paragraphs stand apart
        if tag == "hr":
            self.line = "_" * 32
            self.end_line()
        if tag in _VOID or len(self.open) >= _DEEPEST:
            return
        given = {name: value or "" for name, value in attrs}
        style = re.sub(r"\s+", "", given.get("style", "").lower())
        hidden = tag in _UNSEEN or "hidden" in given or bool(_HIDDEN.search(style))
        self.open.append((tag, hidden, tag == "blockquote" and not _INDENT.search(style)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.end_line()
        places = [place for place, (name, _, _) in enumerate(self.open) if name == tag]
        if places:
            del self.open[places[-1] :]

    def handle_data(self, data: str) -> None:
        if any(hidden for _, hidden, _ in self.open):
            return
        if any(tag == "pre" for tag, _, _ in self.open):
            for number, line in enumerate(data.split("\n")):
                if number:
                    self.end_line(always=True)
                self.line += line
        else:
            self.line += re.sub(r"[ \t\n\r\f]+", " ", data)

    def end_line(self, *, always: bool = False) -> None:
        text, self.line = self.line.strip(), ""
        if text or always:
            self.done.append(">" * sum(quoting for _, _, quoting in self.open) + text)


def text_of(html: str) -> str:
    """The visible text of `html`, a line for each block; every quoted line begins with one `>` for each level."""
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:  # how the parser of the standard library refuses some broken declarations
        return "?"  # nobody's answer
    reader.end_line()
    return "\n".join(reader.done)
