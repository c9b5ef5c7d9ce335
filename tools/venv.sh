#!/usr/bin/env bash
# Build .venv from the hashed lock. Needs nothing but Python 3.11+ with venv; run by `make venv`.
set -euo pipefail
cd "$(dirname "$0")/.."

python=""
for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3 python; do
  if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$name; break; fi
done
if [ -z "$python" ] || ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  fix="apt-get install -y python3 python3-venv"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Python 3.11+ with venv is missing; running: $fix"
    apt-get update -q && DEBIAN_FRONTEND=noninteractive $fix </dev/null
    python=${python:-python3}
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Planshift needs Python 3.11 or newer."; exit 1; }
  else
    echo "Planshift needs Python 3.11+ with venv. On Debian or Ubuntu: sudo $fix"
    exit 1
  fi
fi

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  echo "creating .venv with $("$python" --version)"
  "$python" -m venv --clear .venv
fi
echo "installing the locked packages"
.venv/bin/python -m pip install -q --require-hashes -r requirements/dev.txt </dev/null
.venv/bin/python -m pip install -q --no-deps --no-build-isolation -e . </dev/null
.venv/bin/python tools/translations.py compile
