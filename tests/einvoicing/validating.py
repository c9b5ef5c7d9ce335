"""Is this file valid? The official schemas, found offline; EN 16931's rules in a process of their own."""

import atexit
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from lxml import etree

HERE = Path(__file__).parent
SHIPPED = HERE / "schemas"
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
SCHEMAS = {  # root element → file in a folder of artefacts, file shipped here
    "{http://crd.gov.pl/wzor/2025/06/25/13775/}Faktura": ("ksef/xsd", "ksef", "schemat_FA(3)_v1-0E.xsd"),
    "{http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2}FatturaElettronica": (
        "fatturapa/xsd",
        "fatturapa",
        "Schema_VFPR12_v1.2.3.xsd",
    ),
    f"{{{UBL}Invoice-2}}Invoice": ("ubl21/xsdrt/maindoc", "ubl21/maindoc", "UBL-Invoice-2.1.xsd"),
    f"{{{UBL}CreditNote-2}}CreditNote": ("ubl21/xsdrt/maindoc", "ubl21/maindoc", "UBL-CreditNote-2.1.xsd"),
}


class _Beside(etree.Resolver):
    """Imports by an http address are answered from the schema's own folder: nothing is fetched."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resolve(self, url: str, pubid: str, context: object) -> object:
        found = self._folder / url.rsplit("/", 1)[-1]
        return self.resolve_filename(str(found), context) if url.startswith("http") and found.exists() else None


def _parser(folder: Path) -> etree.XMLParser:
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(_Beside(folder))
    return parser


@cache
def _schema(root: str) -> etree.XMLSchema:
    inside, shipped, name = SCHEMAS[root]
    given = os.environ.get("EINVOICE_ARTIFACTS_DIR")
    path = Path(given) / inside / name if given else SHIPPED / shipped / name
    return etree.XMLSchema(etree.parse(str(path), _parser(path.parent)))


def faults(xml: bytes) -> list[str]:
    """What the schema says against a file; empty: it is valid."""
    root = etree.fromstring(xml, _parser(SHIPPED))
    schema = _schema(root.tag)
    return [] if schema.validate(root) else [f"line {each.line}: {each.message}" for each in schema.error_log]


@cache
def _saxon() -> "subprocess.Popen[str]":
    """One process for all: two Saxon processors in one process die together, and the rules take a second to compile."""
    started = subprocess.Popen(
        [sys.executable, str(HERE / "en16931.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(_end, started)
    return started


def _end(started: "subprocess.Popen[str]") -> None:
    started.communicate(timeout=10)


def rules_broken(*files: Path) -> list[str]:
    """The rules of EN 16931 that UBL files break."""
    saxon, found = _saxon(), []
    assert saxon.stdin is not None
    assert saxon.stdout is not None
    for file in files:
        saxon.stdin.write(f"{file}\n")
        saxon.stdin.flush()
        while (line := saxon.stdout.readline().rstrip("\n")) != "checked":
            assert line, "the process with EN 16931's rules has ended"
            found.append(line)
    return found
