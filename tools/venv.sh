#!/usr/bin/env bash
# venv.sh base|dev: build .venv from the hashed lock, with what running needs (`make run`) or with the tools of
# developers too (`make venv`, `make test`). Needs nothing but Python 3.11+ with venv.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=${1:?base or dev}

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
echo "installing the locked packages ($lock)"
# Not compiled in advance: Python does that with what is imported, a small part of it.
.venv/bin/python -m pip install -q --no-compile --require-hashes -r "requirements/$lock.txt" </dev/null
.venv/bin/python -m pip install -q --no-deps --no-build-isolation -e . </dev/null
.venv/bin/python tools/translations.py compile
touch .venv/ready
if [ "$lock" = dev ]; then touch .venv/complete; fi
