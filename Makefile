# `make help` lists the targets. Each target sets up what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EMULATOR := .venv-emulator/.ready
CDK_CLI := aws-cdk@2.1148.1  # 3.x of the registry is an older build that cannot read this library's output
SEEDS ?= 2000
FIRST ?= 0
RUNS ?= 1000000
ARGS ?=
PYTEST := $(BIN)/python -m pytest --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup lock demo up test test-fast test-engines test-clients simulate fuzz check format docs synth deploy destroy bench clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the virtual environment (Python 3.11 or newer)

$(READY): requirements.txt scripts/setup.sh
	@scripts/setup.sh $(VENV) requirements.txt

$(EMULATOR): local/requirements.txt lambda/requirements.txt scripts/setup.sh
	@scripts/setup.sh .venv-emulator local/requirements.txt

lock: $(READY) ## pin requirements.in into requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate requirements.in -o requirements.txt

demo: $(READY) $(EMULATOR) ## run the stack and a mail server on this machine, and show what happens
	@$(BIN)/python -m local demo

up: $(READY) $(EMULATOR) ## run the stack on this machine until Ctrl-C; ARGS="--mailboxes 3" passes options
	@$(BIN)/python -m local up $(ARGS)

test: $(READY) $(EMULATOR) ## run all tests, without AWS or Docker; ARGS="-k name" passes options to pytest
	$(PYTEST) -n auto $(ARGS)

test-fast: $(READY) ## run the tests that start no process
	$(PYTEST) -n auto -m "not starts_processes" $(ARGS)

test-engines: $(READY) ## run contracts and scenarios on DynamoDB Local and ElasticMQ (Java 17 or newer)
	@$(BIN)/python -m tests.engines.fetch
	$(PYTEST) -p tests.engines.plugin --engines -n 2 tests/contract tests/engines $(ARGS)

test-clients: $(READY) ## run EWS client libraries (Java, Node.js where present) and boto3 against mailsim
	@$(BIN)/python -m tests.clients.fetch
	$(PYTEST) -p tests.clients.plugin --clients -n 2 tests/clients tests/e2e/test_mailsim_with_exchangelib.py $(ARGS)

simulate: $(READY) ## simulate days of protocol time with every fault at once: SEEDS seeds from seed FIRST on
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)

fuzz: $(READY) ## give RUNS inputs to each parser of foreign bytes, guided by coverage where atheris is available
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target .build/fuzz/packages -r tests/fuzz/requirements.txt
	@$(BIN)/python -m tests.fuzz --runs $(RUNS)

check: $(READY) $(EMULATOR) ## run what CI runs: format, lint, types, synth, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) --no-print-directory synth
	$(BIN)/cfn-lint cdk.out/EwsPush.template.json
	$(MAKE) --no-print-directory test

format: $(READY) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## write the pages of docs/ that are made from the code
	$(BIN)/python -m scripts.response_codes

synth: $(READY) ## write the CloudFormation template to cdk.out/, checked by cdk-nag
	$(BIN)/python app.py

# npx and the programs it starts look for Node on the PATH, and it may be the one from PyPI.
deploy destroy: export PATH := $(CURDIR)/$(BIN):$(PATH)
deploy destroy: export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

deploy: $(READY) ## deploy to the AWS account of your credentials
	npx --yes $(CDK_CLI) deploy

destroy: $(READY) ## remove the stack from AWS (its tables are kept)
	npx --yes $(CDK_CLI) destroy

bench: $(READY) $(EMULATOR) ## measure the budgets, as ratios within one run
	@$(BIN)/python -m bench

clean: ## remove what the other targets made
	rm -rf cdk.out .build .pytest_cache .mypy_cache .ruff_cache .hypothesis $(VENV) .venv-emulator
