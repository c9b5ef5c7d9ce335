# Everything a developer or an operator does with this tree. Needed: git, make, Python 3.11+ with venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Images of containers often set it. Here hundreds of processes are started: each would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv run test test-long check bench format lock messages docs clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What .venv is made from. `make run` needs the packages of base.txt only, everything else those of dev.txt too.
SOURCES := requirements/base.txt pyproject.toml tools/venv.sh tools/translations.py $(shell find src -name '*.po')

venv: .venv/complete ## build .venv with the planshift command and all tools, from the hashed lock

.venv/ready: $(SOURCES)
	@tools/venv.sh base

.venv/complete: $(SOURCES) requirements/dev.txt
	@tools/venv.sh dev

run: .venv/ready ## start the product: web server and worker, with demo data (PORT=8000, PLANSHIFT_DATABASE=postgresql://…)
	@PLANSHIFT_DEMO=$${PLANSHIFT_DEMO:-1} exec $(BIN)/planshift run $(if $(PORT),--port $(PORT))

tick: .venv/ready ## push the clock of the demo ahead (TO=2027-03-01)
	@PLANSHIFT_DEMO=$${PLANSHIFT_DEMO:-1} $(BIN)/planshift tick --to $(TO)

test: venv ## run every test on SQLite and on a throwaway PostgreSQL, then print clause → result
	@$(BIN)/python tools/test.py

test-long: venv ## run the tests that take minutes each, on both databases, and the properties with other examples each time
	@PLANSHIFT_TEST_DATABASE=sqlite $(BIN)/pytest -q -m "long or hypothesis" --hypothesis-profile=long -n 2
	@PLANSHIFT_TEST_DATABASE=postgresql $(BIN)/pytest -q -m "long and database" -n 2

check: venv ## format, lint, types, contracts, fast tests, docs up to date (under two minutes)
	@$(BIN)/python tools/check.py

bench: venv ## run the benchmarks; each prints its figure as a ratio to a baseline run beside it
	@for file in benchmarks/bench_*.py; do \
	  [ -e "$$file" ] || { echo "no benchmarks yet"; break; }; \
	  echo "== $$file"; $(BIN)/python "$$file"; done

format: venv ## put the source into the house format
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix .

lock: venv ## write the hashed locks anew from requirements/*.in
	@tools/lock.sh

messages: venv ## collect new texts into the translation files
	@$(BIN)/python tools/translations.py collect

docs: venv ## write the generated pages of docs/ anew
	@$(BIN)/planshift docs

clean: ## remove .venv, var/ (the demo database too) and caches
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
