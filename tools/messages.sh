#!/usr/bin/env bash
# Collect texts marked for translation into the .po files; run by `make messages`.
set -euo pipefail
cd "$(dirname "$0")/../src/planshift/interfaces"
command -v xgettext >/dev/null || { echo "GNU gettext is missing: apt-get install -y gettext"; exit 1; }
mkdir -p locale
../../../.venv/bin/planshift manage makemessages -l pl -l it --no-location --no-obsolete
cd ../../.. && .venv/bin/python tools/translations.py compile
