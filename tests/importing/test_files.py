"""What a file of another system says, and every problem of it with its place."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from planshift.domain import letters
from planshift.domain.importing import reading, report
from planshift.interfaces.presenters import import_format
from tests.house_rules import source

PAGE = (source.ROOT / "docs" / "import-format.md").read_text(encoding="utf-8")
KINDS = ("clients", "services", "invoices")


def of_page(kind: str, format: str) -> bytes:
    """The example that a reader of the manual copies."""
    section = PAGE.split(f"\n## {kind.capitalize()}\n")[1]
    return re.findall(rf"```{format}\n(.*?)\n```", section, re.DOTALL)[0].encode()


def problems(kind: str, content: str | bytes, format: reading.Format = "json") -> list[tuple[str, int, int, object]]:
    raw = content.encode() if isinstance(content, str) else content
    found = reading.read(content=raw, kind=kind, format=format).problems
    return [(each.code, each.place.line, each.place.column, each.facts.get("field")) for each in found]


def changed(kind: str, **fields: Any) -> str:
    """The example with other values; `lines__0__net` names a field inside."""
    record = json.loads(json.dumps(import_format.EXAMPLE[kind][0]))
    for path, value in fields.items():
        held, *names = record, *path.split("__")
        for name in names[:-1]:
            held = held[int(name) if name.isdigit() else name]
        held[names[-1]] = value
    return json.dumps({kind: [record]})


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_the_manual_are_the_same_in_both_formats(kind: str) -> None:
    of_json = reading.read(content=of_page(kind, "json"), kind=kind, format="json")
    of_csv = reading.read(content=of_page(kind, "csv"), kind=kind, format="csv")
    assert of_json.problems == of_csv.problems == ()
    assert [each.record for each in of_json.entries] == [each.record for each in of_csv.entries] != []
    Draft202012Validator(import_format.schema(kind)).validate(json.loads(of_page(kind, "json")))


def test_every_problem_is_told_at_once_with_line_and_column() -> None:
    content = """{"clients": [
  {"reference": "a b", "name": "", "email": "nobody", "language": "de",
   "since": "2026-02-30", "login": "perhaps", "colour": 1, "time_zone": "Rome",
   "buyer": {"name": "x", "street": "x", "city": "x",
             "country": "pl", "is_business": true}}
]}"""
    assert problems("clients", content) == [
        ("import_reference", 2, 17, "reference"),
        ("import_blank", 2, 32, "name"),
        ("import_email", 2, 45, "email"),
        ("import_choice", 2, 67, "language"),
        ("import_day", 3, 13, "since"),
        ("import_yes_no", 3, 36, "login"),
        ("import_field_unknown", 3, 57, "colour"),
        ("import_time_zone", 3, 73, "time_zone"),
        ("import_country", 5, 25, "buyer.country"),
    ]


def test_csv_names_the_row_and_the_column() -> None:
    content = (
        'number;client;issued_on;currency;text;vat_percent;net;tax\nA/1;c;2026-01-05;PLN;"two\nlines";23;10,00;2.30\n'
    )
    assert problems("invoices", content + ";;;;more;x;1.00;0.23\n", "csv") == [
        ("import_characters", 2, 5, "lines.0.text"),
        ("import_amount", 2, 7, "lines.0.net"),
        ("import_percent", 4, 6, "lines.1.vat_percent"),
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"gross": "1447.97"}, ["import_sum"]),  # 961.20 + 221.08 + 216.00 + 49.68 = 1447.96
        ({"lines__0__tax": "221.10"}, ["import_tax"]),  # 23 % of 961.20 = 221.08 (221.076): a cent is let pass, two not
        ({"lines__0__tax": "221.09", "gross": "1447.97"}, []),
        ({"lines__0__net": "961.205"}, ["import_amount"]),
        ({"lines__0__end_on": "2026-06-01"}, ["import_period"]),
        ({"lines__0__start_on": None}, ["import_period", "import_period_needed"]),
        ({"lines__0__service": None}, ["import_service_needed"]),
        ({"lines__1__paid": "265.69"}, ["import_paid"]),  # of 265.68
        ({"lines__1__paid": "-0.01"}, ["import_paid"]),
        ({"lines__1__paid": "0.00"}, []),
        ({"lines__1__vat_code": "reverse_charge"}, ["import_untaxed"]),
        ({"lines": []}, ["import_lines"]),
        ({"number": " "}, ["import_document_number"]),
        ({"number": "Ł/1"}, ["import_document_number"]),
        ({"number": "a/../b"}, ["import_document_number"]),
        ({"number": "..\\b"}, ["import_document_number"]),
        ({"number": "a/..b/1"}, []),
        ({"currency": "zł"}, ["import_currency"]),
        ({"lines__0__component": "plan; DROP TABLE"}, ["import_value"]),
        ({"lines__0__net": 961.2}, ["import_amount"]),
        ({"issued_on": "01.06.2026"}, ["import_day"]),
    ],
)
def test_an_invoice_that_cannot_be_true_is_refused(fields: dict[str, Any], expected: list[str]) -> None:
    assert sorted({code for code, *_ in problems("invoices", changed("invoices", **fields))}) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "import_not_json"),
        (b"[]", "import_not_of_kind"),
        (b'{"clients": {}}', "import_not_of_kind"),
        (b'{"clients": []}', "import_empty"),
        (b'{"clients": [], "clients": []}', "import_key_twice"),
        (b'{"clients": [{}], "services": []}', "import_field_unknown"),
        (b'{"clients": [NaN]}', "import_not_json"),
        (b"\xff\xfe", "import_not_utf8"),
        (b'{"clients": ' + b"[" * 100_000, "import_nested"),
        (b'{"clients": [' + b",".join([b"{}"] * (report.MOST_RECORDS + 1)) + b"]}", "import_too_many"),
        (b" " * (report.MOST_BYTES + 1), "import_too_big"),
        (b'{"clients": [1, null, "x", []]}', "import_value"),
        (b'{"clients": [{"reference": "\\ud800"}]}', "import_not_utf8"),
    ],
)
def test_hostile_json_is_told_not_thrown(content: bytes, expected: str) -> None:
    assert expected in {code for code, *_ in problems("clients", content)}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "import_empty"),
        ("reference,colour\nx,red\n", "import_column_unknown"),
        ("reference,reference\nx,x\n", "import_key_twice"),
        ("reference\n", "import_empty"),
        ("reference,name\na,b,c\n", "import_row_too_long"),
        ('reference\n"open', "import_not_csv"),
    ],
)
def test_hostile_csv_is_told_not_thrown(content: str, expected: str) -> None:
    found = {code for code, *_ in problems("clients", content, "csv")}
    assert expected in found


def test_a_nul_byte_in_a_csv_is_told() -> None:
    found = {code for code, *_ in problems("clients", "reference,name\na,b\0c\n", "csv")}
    assert found & {"import_not_csv", "import_characters"}  # which of them depends on the version of Python


def test_rows_of_one_invoice_may_not_contradict_each_other() -> None:
    head = "number,client,issued_on,currency,text,vat_percent,net,tax\n"
    rows = "A/1,c,2026-01-05,PLN,one,23,10.00,2.30\nA/1,c,2026-01-06,PLN,two,23,1.00,0.23\n"
    assert problems("invoices", head + rows, "csv") == [("import_row_contradicts", 3, 3, "issued_on")]


def test_the_same_reference_twice_in_a_file_is_a_problem() -> None:
    record = import_format.EXAMPLE["clients"][0]
    content = json.dumps({"clients": [record, record]})
    assert [code for code, *_ in problems("clients", content)] == ["import_twice"]


@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode())))
def test_no_content_throws(content: bytes) -> None:
    for kind in KINDS:
        for format in ("json", "csv"):
            assert reading.read(content=content, kind=kind, format=format).problems  # type: ignore[arg-type]


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


@given(field=st.sampled_from(sorted(import_format.EXAMPLE["invoices"][0])), value=_VALUES)
def test_any_value_in_any_field_is_taken_or_told_with_its_place(field: str, value: Any) -> None:
    found = reading.read(content=changed("invoices", **{field: value}).encode(), kind="invoices", format="json")
    assert all(each.place.line == 1 for each in found.problems)
    assert found.problems or len(found.entries) == 1


def test_what_the_format_calls_optional_may_be_missing_and_is_kept_as_if_it_were_empty() -> None:
    record = json.loads(json.dumps(import_format.EXAMPLE["services"][0]))
    record.pop("additional")
    found = reading.read(content=json.dumps({"services": [record]}).encode(), kind="services", format="json")
    assert found.problems == ()
    assert json.loads(found.entries[0].record.model_dump_json())["additional"] == {}


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("anna@demo.example", True),
        ("anna.o'brien+faktury@xn--fka-4na.demo.example", True),
        ("ż@x.pl", False),
        ("anna@żółw.pl", False),
        ("anna@demo", False),
        (".anna@demo.example", False),
        ("an..na@demo.example", False),
        ("anna@-demo.example", False),
        ("anna@demo..example", False),
        ("anna\x00@demo.example", False),
        ("a" * 65 + "@demo.example", False),
        (" anna@demo.example ", True),  # blanks around a value are no part of it
    ],
)
def test_an_address_comes_in_if_a_letter_can_be_sent_to_it(address: str, good: bool) -> None:
    codes = [code for code, *_ in problems("clients", changed("clients", email=address))]
    assert codes in ([[]] if good else [["import_email"], ["import_characters"]])
    assert letters.is_address(address.strip()) == good or address == "anna@demo"
