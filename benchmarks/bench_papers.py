"""How long do 1,000 invoices take as PDF, against typst alone with the same inputs?

Each is another document: parties, three lines at two rates, Polish, English and Italian in turn. The baseline compiles
the same ready-made inputs with one compiler and nothing of ours. Both run in this process and in this run, in turns.
Judged is the time of one core, which does not hang on what else the machine does; on a quiet one the clock on the wall
says the same.

usage: python benchmarks/bench_papers.py [--papers 1000]
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import typst

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from planshift.adapters.documents import typeset  # noqa: E402
from planshift.domain import documents  # noqa: E402
from tests.documents import papers  # noqa: E402

MOST_SECONDS = 25.0  # for 1,000
MOST_RATIO = 1.25
TURN = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=1000)
    given = parser.parse_args()
    every = [paper(n) for n in range(given.papers)]
    renderer = typeset.TypstRenderer()
    bare = typst.Compiler(str(typeset.PAPER), root=str(typeset.PAPER.parent), ignore_system_fonts=True)
    inputs = [{"data": json.dumps(typeset.content(each))} for each in every]
    renderer.pdf(document=papers.invoice())
    bare.compile(sys_inputs=inputs[0], format="pdf")
    ours = alone = wall = 0.0
    size = 0
    for start in range(0, given.papers, TURN):
        begun, at = time.process_time(), time.perf_counter()
        for each in every[start : start + TURN]:
            size += len(renderer.pdf(document=each))
        between, wall = time.process_time(), wall + time.perf_counter() - at
        for each in inputs[start : start + TURN]:
            bare.compile(sys_inputs=each, format="pdf")
        ours, alone = ours + between - begun, alone + time.process_time() - between
    seconds = ours * 1000 / given.papers
    print(f"{given.papers} invoices: {ours:.1f} s of one core, {wall:.1f} s on the wall, {size // given.papers} B each")
    print(f"typst alone: {alone:.1f} s of one core; ratio {ours / alone:.2f} (at most {MOST_RATIO})")
    print(f"1,000 take {seconds:.1f} s of one core (at most {MOST_SECONDS:.0f})")
    return 0 if seconds <= MOST_SECONDS and ours / alone <= MOST_RATIO else 1


def paper(n: int) -> documents.Document:
    """The n-th invoice: no two have the same words, figures or number."""
    lines = [
        papers.line(f"{100 + n % 900}.{n % 100:02}", text=f"VPS Professional, vps{n}.demo.example"),
        papers.line(f"{n % 50 + 1}.40", text=f"Additional address {n}"),
        papers.line("10.00", percent=8, text="Set-up", timed=False),
    ]
    buyer = replace(papers.BUYER, name=f"Demo {n} sp. z o.o.", street=f"ul. Próbna {n}")
    language = documents.LANGUAGES[n % 3]
    return papers.invoice(lines, number=f"FV/2026/09/{n:04}", buyer=buyer, language=language)


if __name__ == "__main__":
    sys.exit(main())
