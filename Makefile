# Hotseat: every command a person or the build needs. `make help` lists them.

PYTHON ?= python3
VENV := .venv/bin/python
export PORT DATA_DIR BIND VERBOSE

.DEFAULT_GOAL := help
.PHONY: help run setup test unit integration contracts e2e check fmt lint types imports migrations \
	messages seed bench-rooms bench-cancel bench-fold bench-relay

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## play: everything on this machine [PORT=8000] [DATA_DIR=.data] [VERBOSE=1]
	@$(PYTHON) compose/run.py

setup: ## make .venv and install the locked development packages
	@$(PYTHON) compose/run.py --setup

