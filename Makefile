# Each target does its own set-up; after the first run none needs a network.
VENV ?= .venv
# The versions that the tests have passed with.
CONSTRAINTS ?= .ci/constraints.txt
BIN := $(VENV)/bin

.PHONY: help demo lab test check bench gallery-check gallery-index site weights browser \
	upgrade test-oldest FORCE

help: ## show this
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: $(VENV)/.lab weights ## run the first notebook, print what it did, leave an HTML file
	$(BIN)/glmkit demo

lab: $(VENV)/.lab weights ## open JupyterLab on a copy of the gallery
	$(BIN)/glmkit lab

test: $(VENV)/.dev weights browser check ## run every check, as CI does
	$(BIN)/nbstripout --keep-id --verify $$(find notebooks -name '*.ipynb')
	$(BIN)/pytest -n 2 -m "not slow"

check: $(VENV)/.dev ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev weights ## measure beside other clients
	$(BIN)/python -m tests.bench.imports
	$(BIN)/python -m tests.bench.cold_start

gallery-check: $(VENV)/.dev weights ## run every notebook, from the wheel, without a key
	$(BIN)/python -m tests.support.gallery_check

site: $(VENV)/.dev weights ## render the gallery and the reference as static pages
	$(BIN)/python -m glmkit.notebook.site

gallery-index: $(VENV)/.lab ## make the gallery's front page from its notebooks
	$(BIN)/python -m glmkit.notebook.gallery_index

weights: $(VENV)/.lab ## get the local model's file (93 MB, once)
	@$(BIN)/glmkit local install

browser: $(VENV)/.dev ## find or get a browser and a sandbox for the tests
	@$(BIN)/python -m tests.support.install

upgrade: $(VENV)/uv ## test with the newest versions, and keep them where all passes
	rm -rf .venv-newest
	$(COMPILE) --all-extras --python-version 3.11 -o $(VENV)/newest.txt
	$(MAKE) test VENV=.venv-newest CONSTRAINTS=$(VENV)/newest.txt
	.venv-newest/bin/python .ci/constraints.py $(VENV)/uv/bin/uv

test-oldest: $(VENV)/uv ## test with the oldest versions that pyproject.toml allows
	$(COMPILE) --extra lab --extra local --resolution lowest-direct \
		--python $(BIN)/python -o $(VENV)/oldest-direct.txt
	$(COMPILE) --all-extras --python $(BIN)/python \
		-c $(VENV)/oldest-direct.txt -o $(VENV)/oldest.txt
	$(MAKE) .venv-oldest/.dev weights browser VENV=.venv-oldest \
		CONSTRAINTS=$(VENV)/oldest.txt
	.venv-oldest/bin/pytest -n 2 -m "not slow"

COMPILE = $(VENV)/uv/bin/uv pip compile pyproject.toml --quiet --no-header \
	--no-annotate --only-binary :all:

$(VENV)/uv: | $(VENV)/.lab
	$(BIN)/python -m pip install --quiet --no-deps --target $@ uv

# The script looks each time, and does nothing where nothing is to be done.
$(VENV)/.lab $(VENV)/.dev: FORCE
	@.ci/environment.sh $(VENV) $(CONSTRAINTS) $(subst .,,$(suffix $@))
