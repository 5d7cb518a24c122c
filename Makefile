# Two commands matter: `make run` shows the whole service, `make test` proves it. Both set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
SOURCES := app alerts assistance bot console handlers locales places registry simulator staff storage
# npm comes from PATH, else from a wheel.
NPM_EXTRA := $(if $(shell command -v npm),,browser)
comma := ,

.DEFAULT_GOAL := help
.PHONY: help run test check lint types soak bench setup setup-test clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: setup ## the whole service with simulated citizens, on embedded defaults
	@$(BIN)/python -m app.cli demo

test: setup-test ## the whole suite on real parts
	@$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile $(PYTEST)

check: lint types test ## what CI runs: lint, types, test

lint: setup-test ## style, bugs, formatting
	@$(BIN)/ruff check $(SOURCES) tests benchmarks
	@$(BIN)/ruff format --check $(SOURCES) tests benchmarks

types: setup-test ## static types
	@$(BIN)/mypy

soak: setup-test ## the full counts: thousands of citizens, many kills, real rates
	@$(BIN)/python -m pytest -q -m soak --override-ini addopts="--import-mode=importlib -ra" tests $(PYTEST)

bench: setup-test ## measure speed and memory; figures belong in docs/benchmarks.md
	@$(PIP) install --constraint constraints.txt --editable '.[bench]'
	@$(BIN)/python -m benchmarks $(PARTS)

setup: $(VENV)/.ready ## what `make run` needs

setup-test: $(VENV)/.ready-test ## what `make test` needs, Chromium included

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Muster needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml constraints.txt console/vendor.py | $(VENV)/bin/python
	@echo "Installing Muster into $(VENV) (once; a minute or two)"
	@$(PIP) install --constraint constraints.txt --editable '.[embedded$(addprefix $(comma),$(NPM_EXTRA))]'
	@$(BIN)/python -m console.vendor
	@$(BIN)/python -m places.compile var/gazetteer.sqlite
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	@$(PIP) install --constraint constraints.txt --editable '.[embedded$(addprefix $(comma),$(NPM_EXTRA)),test]'
	@$(BIN)/python -m tests.chromium
	@touch $@

clean: ## remove everything that was installed, built and stored
	@rm -rf $(VENV) var build *.egg-info console/static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis
