#!/usr/bin/env bash
# Collect texts marked for translation into the .po files, then compile them; run by `make messages`.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python tools/translations.py collect
