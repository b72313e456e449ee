# `make help` lists what there is to do. Every target sets itself up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EMULATOR := .venv-emulator/.ready
CDK_CLI := aws-cdk@2.1148.1  # 3.x of the registry is an older build that cannot read this library's output
SEEDS ?= 2000
FIRST ?= 0
RUNS ?= 1000000
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR):$(CURDIR)/lambda

.DEFAULT_GOAL := help
.PHONY: help setup lock demo up test test-engines simulate fuzz check format synth deploy destroy bench clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the virtual environment (Python 3.11 or newer)

$(READY): requirements.txt scripts/setup.sh
	@scripts/setup.sh $(VENV) requirements.txt

$(EMULATOR): local/requirements.txt scripts/setup.sh
	@scripts/setup.sh .venv-emulator local/requirements.txt

lock: $(READY) ## pin requirements.in into requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate requirements.in -o requirements.txt

demo: $(READY) $(EMULATOR) ## the whole story on this machine, told in the terminal
	@python -m local demo

up: $(READY) $(EMULATOR) ## the stack on this machine, until interrupted
	@python -m local up

test: $(READY) $(EMULATOR) ## all tests; no AWS account, no Docker
	pytest -n auto --dist loadfile

test-engines: $(READY) ## contracts and stories on DynamoDB Local and ElasticMQ (Java 17 or newer)
	@python -m tests.engines.fetch
	pytest -p tests.engines.plugin --engines -n 2 --dist loadfile tests/contract tests/engines

simulate: $(READY) ## days of protocol time with every fault at once, SEEDS of them from seed FIRST on
	@python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)

fuzz: $(READY) ## RUNS inputs for each reader of foreign bytes, led by coverage where atheris can be had
	@uv pip install --quiet --python $(BIN)/python --target .build/fuzz/packages -r tests/fuzz/requirements.txt
	@python -m tests.fuzz --runs $(RUNS)

check: $(READY) $(EMULATOR) ## what CI runs: format, lint, types, synth, tests
	ruff format --check .
	ruff check .
	mypy
	$(MAKE) --no-print-directory synth
	cfn-lint cdk.out/EwsPush.template.json
	$(MAKE) --no-print-directory test

format: $(READY) ## format the code
	ruff format .
	ruff check --fix .

synth: $(READY) ## write the CloudFormation template to cdk.out/, checked by cdk-nag
	python app.py

deploy: $(READY) ## deploy to the AWS account of your credentials
	npx --yes $(CDK_CLI) deploy

destroy: $(READY) ## remove the stack from AWS (its tables are kept)
	npx --yes $(CDK_CLI) destroy

bench: $(READY) $(EMULATOR) ## measure the budgets, as ratios within one run
	@python -m bench

clean: ## remove what the other targets made
	rm -rf cdk.out .build .pytest_cache .mypy_cache .ruff_cache .hypothesis $(VENV) .venv-emulator
