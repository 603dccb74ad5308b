# Everything a newcomer needs: `make demo` and `make test`. Both set up what is missing.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
ROUNDS ?= 50
SEED ?= 1
# What the benchmark's peers need stays out of the product's environment.
PEERS := .venv-bench
BULLMQ := tests/benchmarks/bullmq

# Hundreds of processes of the product are started: compiling it anew in each would take minutes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo static test integration wires acceptance faults check withdrawals chaos bench bench-sms bench-scale bench-voice requirements format lock clean

help:
	@echo "make demo                     run a real campaign through the sandbox and show it live"
	@echo "make demo ARGS='--once …'     the same with options of 'dispatcher demo'"
	@echo "make test                     every check and every test"
	@echo "make check                    lint, types, import contract, unit tests (under a minute)"
	@echo "make withdrawals SEED=1       500 people withdraw in the middle of a campaign of 20 000"
	@echo "make chaos ROUNDS=50 SEED=1   kill processes in the middle of runs and count who was lost"
	@echo "make bench OUT=bench.json     speed beside the bare transport, Celery, dramatiq and BullMQ (20 minutes)"
	@echo "make bench-voice OUT=…        calls at once and calls a second of one process, beside SIPp (7 minutes)"
	@echo "make bench-sms OUT=…          short messages beside a plain aiohttp loop (4 minutes)"
	@echo "make bench-scale OUT=…        5 000 to 1 000 000 recipients: rate, memory, claim time, urgent lane"
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

# Side by side, since most tests wait more than they work. Each has a session of its own: a browser or a
# server that one of them keeps open is nothing to the others.
test: $(READY)
	@$(MAKE) --no-print-directory -j5 faults acceptance integration wires check

# What waits longest: processes killed, started again, left without disk or servers, calls at their own pace.
FAULTS := $(addprefix tests/acceptance/,\
	test_faults.py test_kills.py test_lists.py test_sms.py test_up.py test_voice.py)

# What waits for sockets and servers more than it works; and lists, so that no session is left over at the end.
WIRES := $(addprefix tests/integration/,campaigns channels embedded)

integration: TESTS := tests/integration $(addprefix --ignore=,$(WIRES))
wires: TESTS := $(WIRES)
acceptance: TESTS := tests/acceptance $(addprefix --ignore=,$(FAULTS))
faults: TESTS := $(FAULTS)
integration wires acceptance faults: SHELL := /bin/bash
integration wires acceptance faults: $(READY)
	@set -o pipefail; $(BIN)/pytest $(TESTS) --durations 15 2>&1 | sed -u 's/^/$@: /'

# The whole race of withdrawals; `make test` runs a small one.
withdrawals: $(READY)
	WITHDRAWAL_RECIPIENTS=20000 WITHDRAWALS=500 WITHDRAWAL_SEED=$(SEED) $(BIN)/pytest -s tests/acceptance/test_withdrawals.py

chaos: $(READY)
	$(BIN)/python -m tests.chaos --rounds $(ROUNDS) --seed $(SEED) $(ARGS)

bench: OUT ?= bench.json
bench: $(READY) $(PEERS)/.ready $(PEERS)/.node-ready
	$(BIN)/python -m tests.benchmarks --out $(OUT) $(ARGS)

bench-scale: OUT ?= bench-scale.json
bench-scale: $(READY)
	$(BIN)/python -m tests.benchmarks.scale --out $(OUT) $(ARGS)

bench-voice: OUT ?= bench-voice.json
bench-voice: $(READY)
	$(BIN)/python -m tests.benchmarks.voice --out $(OUT) $(ARGS)

bench-sms: OUT ?= bench-sms.json
bench-sms: $(READY)
	$(BIN)/python -m tests.benchmarks.sms --out $(OUT) $(ARGS)

# A peer that cannot be had is skipped by the benchmark, which says so in its report.
$(PEERS)/.ready: tests/benchmarks/requirements-bench.lock
	@echo "Setting up $(PEERS) for the benchmark's peers (once) …"
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $< \
		&& touch $@ || { rm -f $(PEERS)/bin/python; echo "Celery and dramatiq could not be installed: they will be skipped"; }

$(PEERS)/.node-ready: $(BULLMQ)/package-lock.json $(PEERS)/.ready
	@command -v npm >/dev/null && (cd $(BULLMQ) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) \
		&& touch $@ || echo "BullMQ could not be installed: it will be skipped"

requirements: $(READY)
	@$(BIN)/python -m tests.requirements

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Needs the tool `uv`; writes names, versions and hashes only.
lock:
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --only-binary :all: pyproject.toml -o requirements.lock
	uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --only-binary :all: pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	cd tests/benchmarks && uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --only-binary :all: requirements-bench.in -o requirements-bench.lock

clean:
	rm -rf $(VENV) $(PEERS) $(BULLMQ)/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
