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
	@echo "make fuzz    the random tests with full counts (an hour or two); docs/developing/proofs.md names the variables"
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
fuzz: export LOCUM_IDS ?= 10000000
fuzz: export LOCUM_SECRETS ?= 160
fuzz: export LOCUM_CANARIES ?= 1000
fuzz: export LOCUM_SEALED_ROWS ?= 1000
fuzz: export LOCUM_REVOCATIONS ?= 10000
fuzz: export LOCUM_KILLS ?= 200
fuzz: export LOCUM_SERVER_KILLS ?= 200
fuzz: export LOCUM_POWER_CUTS ?= 2000
fuzz: export LOCUM_DISK_ERRORS ?= 100
fuzz: export LOCUM_AUDIT_CALLS ?= 100000
fuzz: export LOCUM_AUDIT_EDITS ?= 10000
fuzz: export LOCUM_AUDIT_RECORDS ?= 1000000
fuzz: export LOCUM_UNKNOWN ?= 244
# what is not random has its full count in every run of the tests
fuzz: RANDOM_TESTS := tests/fuzz tests/properties tests/differential tests/durability tests/store/test_durable.py
fuzz: RANDOM_TESTS += tests/floods/test_caches.py tests/unit/audit/test_killed.py tests/unit/audit/test_verify.py
fuzz: RANDOM_TESTS += tests/unit/serve/test_rotations_killed.py
fuzz: RANDOM_TESTS += $(addprefix tests/journeys/,test_canaries.py test_killed_trail.py test_revocations.py)
fuzz: .venv/.locum-dev
	$(PYTEST) $(PARALLEL) $(RANDOM_TESTS) $(ARGS)

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
