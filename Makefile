# Bare `make` prints the targets. Needed on the machine: Python 3.11 or newer with venv, git and make.
# Each target makes .venv by itself, and again only after a change of what is installed there.

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo test check serve bench fuzz docs dist clean

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# Two test processes unless told otherwise: make test JOBS=8
JOBS ?= 2
PARALLEL := -n $(JOBS) --dist loadfile
PYTHON_FOLDERS := $(wildcard src tests benchmarks scripts)

help:
	@echo "make demo    what Locum is, live: signed calls, denied with the reason, allowed, expired"
	@echo "make test    every test, unmodified AWS clients included (minutes; fetches the clients once)"
	@echo "make check   format, lint, types, unit and architecture tests (within a minute)"
	@echo "make serve   run locum serve; ARGS='…' passes options on"
	@echo "make bench   measure; prints figures beside a calibration loop's"
	@echo "make fuzz    the random tests with big counts; LOCUM_FUZZ, LOCUM_DIFFERENTIAL set them"
	@echo "make docs    write docs/reference from the code again and check every link and command in the docs"
	@echo "make dist    wheel, source distribution and bill of materials of the last commit, built twice and compared"

demo: .venv/.locum-run
	@$(BIN)/locum demo $(ARGS)

serve: .venv/.locum-run
	@$(BIN)/locum serve $(ARGS)

test: .venv/.locum-dev
	$(PYTEST) $(PARALLEL) -rs $(ARGS)

check: .venv/.locum-dev
	$(BIN)/ruff format --check $(PYTHON_FOLDERS)
	$(BIN)/ruff check $(PYTHON_FOLDERS)
	$(BIN)/mypy
	$(PYTEST) $(PARALLEL) tests/unit tests/architecture $(ARGS)

bench: .venv/.locum-dev
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: export LOCUM_FUZZ ?= 1000000
fuzz: export LOCUM_DIFFERENTIAL ?= 2000000
fuzz: .venv/.locum-dev
	$(PYTEST) $(PARALLEL) tests/fuzz tests/properties tests/differential $(ARGS)

docs: .venv/.locum-dev
	$(BIN)/python scripts/reference.py
	$(PYTEST) tests/architecture/test_docs.py

dist: .venv/.locum-dev
	$(BIN)/python scripts/dist.py

clean:
	rm -rf .venv .clients .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

.venv/.locum-run: pyproject.toml requirements.txt requirements-build.txt scripts/venv.sh
	@scripts/venv.sh run
	@touch $@

.venv/.locum-dev: pyproject.toml requirements-dev.txt scripts/venv.sh
	@scripts/venv.sh dev
	@touch $@ .venv/.locum-run
