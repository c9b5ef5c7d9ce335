#!/usr/bin/env bash
# Write requirements/*.txt from requirements/*.in, with hashes and without any address; run by `make lock`.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
flags=(--quiet --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11)
uv=../.venv/bin/uv
"$uv" pip compile "${flags[@]}" base.in -o base.txt
"$uv" pip compile "${flags[@]}" dev.in -c base.txt -o dev.txt
