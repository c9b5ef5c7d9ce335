"""On which line does a key stand? The standard TOML reader keeps no positions, and an author needs them.

The scanner walks a text that `tomllib` has already accepted, so it only has to follow the grammar, never to judge it.
"""

from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

DOTS_LIMIT = 300  # in one line: the standard reader takes time by the square of the parts of a dotted key

_BARE_END = frozenset(" \t.=]}\n\r,#")


def of(text: str) -> dict[Path, int]:
    """The line (from 1) of every key, table header and list element of a valid TOML text, by its path."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def too_dotted(text: str) -> int | None:
    """The number of the first line with more dots than any honest key or text has, None when there is none."""
    if text.count(".") <= DOTS_LIMIT:
        return None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > DOTS_LIMIT:
            return number
    return None


def nearest(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the closest table around it; 1 for the document itself."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.line = text, 0, 1
        self.lines: dict[Path, int] = {}
        self.lengths: dict[Path, int] = {}  # of arrays of tables

    def document(self) -> None:
        table: Path = ()
        while self._skip(" \t\r\n"):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        line, path = self.line, self._inside(self._dotted())
        self.at += 2 if array else 1
        if array:
            index = self.lengths.get(path, 0)
            self.lengths[path] = index + 1
            self.lines.setdefault(path, line)
            path = (*path, index)
        self.lines[path] = line
        return path

    def _inside(self, names: list[str]) -> Path:
        """The path of a header: a name that stands for an array of tables means its last element."""
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if path in self.lengths and position < len(names) - 1:
                path = (*path, self.lengths[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        line = self.line
        path = table
        for name in self._dotted():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self.at += 1  # "="
        self._skip(" \t")
        self._value(path)

    def _dotted(self) -> list[str]:
        names = []
        while True:
            self._skip(" \t")
            names.append(self._name())
            self._skip(" \t")
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def _name(self) -> str:
        if self.text[self.at] in "\"'":
            return self._string()
        start = self.at
        while self.text[self.at] not in _BARE_END:
            self.at += 1
        return self.text[start : self.at]

    def _value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._list(path)
        elif first == "{":
            self._inline(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}\n#":
                self.at += 1

    def _list(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._skip(" \t\r\n,") and self.text[self.at] != "]":
            self.lines[(*path, index)] = self.line
            self._value((*path, index))
            index += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self._skip(" \t\r\n,") and self.text[self.at] != "}":
            self._pair(path)
        self.at += 1

    def _string(self) -> str:
        quote = self.text[self.at]
        fence = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        start = self.at = self.at + len(fence)
        while not self.text.startswith(fence, self.at):
            if self.text[self.at] == "\\" and quote == '"':
                self.at += 1
            if self.text[self.at] == "\n":
                self.line += 1
            self.at += 1
        end = self.at
        self.at += len(fence)
        while len(fence) == 3 and self.text.startswith(quote, self.at):  # """ended with a quote""""
            self.at += 1
        return self.text[start:end]

    def _skip(self, blanks: str) -> bool:
        """Past blanks and, where newlines may stand, comments. False at the end of the text."""
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "#" and "\n" in blanks:
                while self.at < len(self.text) and self.text[self.at] != "\n":
                    self.at += 1
                continue
            if character not in blanks:
                return True
            if character == "\n":
                self.line += 1
            self.at += 1
        return False
