# `make demo` and `make test` do all the set-up themselves; `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCKS := edge worker local dev
KINESIS_LOCAL := tests/e2e/kinesis_local

.PHONY: help install demo up test bench lint types layers check lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

install: .venv/installed  ## make .venv from the hashed locks

# What the demonstration needs, and no Java, jars or tools.
.venv/local: requirements-local.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --require-hashes -r requirements-local.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed: requirements-dev.txt .venv/local
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

demo: .venv/local  ## play a day of a fleet through the whole system and show what became of it
	$(BIN)/metrics-local demo

up: .venv/local  ## run the whole system on this machine until Ctrl-C
	$(BIN)/metrics-local up

# npm and Node.js are the lock's. Like pip, npm trusts the certificates that the machine does; its cache is kept
# here, as there may be no home to write to.
$(KINESIS_LOCAL)/node_modules/installed: $(KINESIS_LOCAL)/package-lock.json | install
	NODE_USE_SYSTEM_CA=1 $(BIN)/npm ci --prefix $(KINESIS_LOCAL) --cache .venv/npm --loglevel=error >/dev/null
	@touch $@

test: install $(KINESIS_LOCAL)/node_modules/installed  ## run every test
	$(BIN)/pytest -n 2 --dist worksteal

bench: install  ## measure edge, worker, engines, seal and fraud rules, as ratios where there is a rival
	$(BIN)/python -m tests.benchmarks

lint: install  ## ruff's rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install  ## mypy, strict
	$(BIN)/mypy

layers: install  ## who may import whom
	$(BIN)/lint-imports

check: lint types layers test  ## all that CI asks

lock: install  ## make the hashed locks anew from pyproject.toml
	for name in $(LOCKS); do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-package usage-metrics \
	    --custom-compile-command 'make lock' --extra $$name pyproject.toml -o requirements-$$name.txt || exit 1; \
	done

clean:  ## remove what make install and the tools made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info $(KINESIS_LOCAL)/node_modules
