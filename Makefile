# Everything a newcomer needs: `make demo` and `make test`. Both set up what is missing.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
ROUNDS ?= 50
SEED ?= 1

.PHONY: help setup demo static test check chaos requirements format lock clean

help:
	@echo "make demo                     run a real campaign through the sandbox and show it live"
	@echo "make demo ARGS='--once …'     the same with options of 'dispatcher demo'"
	@echo "make test                     every check and every test"
	@echo "make check                    lint, types, import contract, unit tests (under a minute)"
	@echo "make chaos ROUNDS=50 SEED=1   kill processes in the middle of runs and count who was lost"
	@echo "make requirements             which of the 62 requirements are proven by which tests"

setup: $(READY)

# One environment holds the product and its tools; the lock names every version with its hashes.
$(READY): requirements-dev.lock requirements-source.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) (once; about a minute) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-build-isolation --no-binary :all: -r requirements-source.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/dispatcher demo $(ARGS)

static: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: static
	$(BIN)/pytest tests/unit tests/architecture

# Three sessions: a browser or a server that one of them keeps open is nothing to the others.
test: check
	$(BIN)/pytest tests/integration
	$(BIN)/pytest tests/acceptance

chaos: $(READY)
	$(BIN)/python -m tests.chaos --rounds $(ROUNDS) --seed $(SEED) $(ARGS)

requirements: $(READY)
	@$(BIN)/python -m tests.requirements

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Needs the tool `uv`; writes names, versions and hashes only.
lock:
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --only-binary :all: pyproject.toml -o requirements.lock
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --only-binary :all: pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
