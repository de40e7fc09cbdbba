# Hotseat: every command a person or the build needs. `make help` lists them.

PYTHON ?= python3
VENV := .venv/bin/python
WORKERS ?= 2
export PORT DATA_DIR BIND VERBOSE GATEWAY_WORKERS

.DEFAULT_GOAL := help
.PHONY: help run gateway setup test coverage unit integration contracts live e2e check fmt fmt-check lint types imports \
	migrations messages snapshot seed bench-rooms bench-cancel bench-fold bench-relay bench-gate bench-pipeline bench-v1

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## play: everything on this machine [PORT=8000] [DATA_DIR=.data] [VERBOSE=1]
	@$(PYTHON) compose/run.py

gateway: ## /v1 alone, for programs, in several processes [PORT=8100] [GATEWAY_WORKERS=2]
	@$(PYTHON) compose/run.py --gateway

setup: ## make .venv and install the locked development packages
	@$(PYTHON) compose/run.py --setup

test: setup ## everything: unit, integration, contracts, faults, browser tests; coverage floors
	@rm -f .coverage .coverage.*
	@$(VENV) -m pytest tests --ignore=tests/e2e -q -n $(WORKERS) --dist loadscope --cov --cov-report=
	@$(VENV) -m pytest tests/e2e -q
	@$(MAKE) --no-print-directory coverage

coverage: ## the floors: 90 % over all, 100 % of every domain (after make test)
	@$(VENV) -m coverage report --fail-under=90
	@for app in gateway interview leaderboard; do \
		test -e $$app/domain -o -e $$app/domain.py || continue; \
		$(VENV) -m coverage report --include="$$app/domain/*,$$app/domain.py" --fail-under=100 || exit 1; \
	done

unit: ## tests without database and sockets
	@$(VENV) -m pytest tests/unit -q

integration: ## tests on the embedded Postgres and Valkey, with the contract suites
	@$(VENV) -m pytest tests/integration tests/contracts -q -n 2

contracts: ## one suite per port, on the fake and on the real thing
	@$(VENV) -m pytest tests/contracts -q

live: ## faults and cuts on a whole running stack
	@$(VENV) -m pytest tests/live -q

e2e: ## tests in a real browser
	@$(VENV) -m pytest tests/e2e -q

check: fmt-check lint imports types migrations unit ## format, lint, types, import contracts, unit tests

fmt: ## rewrite files in the house format
	@$(VENV) -m ruff check --select I --fix --quiet .
	@$(VENV) -m ruff format .

fmt-check:
	@$(VENV) -m ruff format --check --quiet . || { echo "Some files are not in the house format; run: make fmt"; exit 1; }

lint: ## ruff
	@$(VENV) -m ruff check .

types: ## mypy, strict
	@$(VENV) -m mypy

imports: ## the arrows between layers and apps
	@$(VENV) -c "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"

migrations: ## whether the models and the migrations agree
	@DATABASE_POOL_WAIT_SECONDS=0.2 LOG_LEVEL=ERROR $(VENV) -W ignore manage.py makemigrations --check --dry-run

messages: ## compile the translations
	@$(VENV) -c "from pathlib import Path; from compose.prepare import compile_messages as c; print(c(Path('locale')), 'compiled')"

snapshot: ## write the API's description that a test compares with
	@$(VENV) -W ignore manage.py export_openapi_schema --api interview.api.api --indent 2 --sorted --output tests/snapshots/openapi.json
	@echo >> tests/snapshots/openapi.json
	@$(VENV) -W ignore manage.py export_openapi_schema --api gateway.api.api --indent 2 --sorted --output tests/snapshots/openapi_gateway.json
	@echo >> tests/snapshots/openapi_gateway.json

seed: ## load the content into the running stack's database
	@$(VENV) manage.py load_content

bench-rooms: ## so many rooms stream at once [N="1 50 200 500"]
	@$(VENV) -m tests.bench.rooms --rooms $(or $(N),1 50 200 500)

bench-cancel: ## cancel at random points under load
	@$(VENV) -m tests.bench.cancel

bench-fold: ## fold a log of 10,000 events
	@$(VENV) -m tests.bench.fold

bench-api: ## create, answer, read and list at 100 requests a second
	@$(VENV) -m tests.bench.api

bench-connections: ## 5,000 idle readers beside 100 rooms that stream
	@$(VENV) -m tests.bench.connections

bench-gate: ## enter and leave the gate: what it costs the client and the store
	@$(VENV) -m tests.bench.gate

bench-pipeline: ## one request through the pipeline, on ports in memory: processor time
	@$(VENV) -m tests.bench.pipeline

bench-v1: ## /v1 beside a bare passthrough and two peers [PEERS=folder] [SECONDS=8]
	@$(VENV) -m tests.bench.v1 --peers $(or $(PEERS),peers) --seconds $(or $(SECONDS),8)

bench-relay: ## deltas through the relay
	@$(VENV) -m tests.bench.relay
