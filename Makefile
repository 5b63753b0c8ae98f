# `make` lists the targets. Everything runs in .venv, which is created if it is missing.

PYTHON ?= python3
VENV := .venv
DATA ?= ../shared/data/workflows
CASES ?= ../shared/data
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DOCS_INSTALLED := $(VENV)/.docs-installed
# One process for each core, with one thread each (tests/conftest.py). TESTS="tests/grammar -k limits" selects some tests.
PYTEST := $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint types unit coverage docs format playground roundtrip conformance judges benchmark-data github-rules packaged-workflows packaged-tokenizer clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(INSTALLED) ## train a model that writes GitHub workflows, in minutes (OUT=folder)
	$(BIN)/schemalm demo $(if $(OUT),--out $(OUT))

test: lint types docs unit ## lint, types, the documentation and the whole test suite

quick: lint ## lint and all but the slow tests, for use while you work
	$(PYTEST) -m 'not slow' $(TESTS)

lint: $(INSTALLED) ## ruff: lint and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

unit: $(INSTALLED) ## all tests, or some: TESTS="tests/grammar -k limits"
	$(PYTEST) $(TESTS)

coverage: $(INSTALLED) ## the tests, with a report of lines and branches that none reaches
	$(PYTEST) --cov --cov-report=term $(TESTS)

format: $(INSTALLED) ## fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A warning is an error, and nothing is fetched while it builds.
docs: $(DOCS_INSTALLED) ## build the documentation as a site in docs/_build
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html --doctree-dir docs/_build/.doctrees docs docs/_build

# Needs Node.js 20 or newer. Nothing of it is needed to run the script, which `schemalm serve` shows and wheels contain.
playground: ## build the page of `schemalm serve` (npm fetches the editor that it is built with)
	cd playground && npm ci --no-audit --no-fund && npm run build

# Takes minutes, and is not part of `make test`.
roundtrip: $(INSTALLED) ## encode and decode every real workflow in DATA
	$(BIN)/python benchmarks/roundtrip.py $(DATA)

# Compares every case of the three data sets with the committed baseline, and makes random walks. Takes minutes. UPDATE=1
# updates the baseline; OPTIONS="--split Handwritten --every 4" selects some cases, OPTIONS="--case ID" one case.
OPTIONS ?= --publish
conformance: $(INSTALLED) ## compare every case of three data sets with the baseline (UPDATE=1 updates it)
	PYTHONPATH=benchmarks $(BIN)/python -m conformance $(CASES) $(OPTIONS) $(if $(UPDATE),--update-baseline)

# The same as `schemalm judges install`. Some need Node.js 20 or newer with npm; they are no dependencies of the package.
judges: $(INSTALLED) ## install the independent judges for this user (SCHEMALM_JUDGES names another folder)
	$(BIN)/schemalm judges install

# Measures time by stage, memory for growing corpora, sizes, Ray and the pool, and the effect of packed rows on training.
benchmark-data: $(INSTALLED) ## measure the cost of preparing the real workflows (half an hour)
	PYTHONPATH=tools $(BIN)/python benchmarks/data.py $(DATA)/train.jsonl.zst --publish
	folder=$$(mktemp -d) && some="$(DATA)/train.jsonl.zst --max-files 10000 --tokenizer $$folder/tokenizer.json" && \
	$(BIN)/schemalm tokenizer train --corpus $(DATA)/train.jsonl.zst --max-files 10000 --out $$folder/tokenizer.json && \
	$(BIN)/schemalm prepare --input $$some --output $$folder/256 --stride 256 && \
	$(BIN)/schemalm prepare --input $$some --output $$folder/512 --stride 512 && \
	$(BIN)/python benchmarks/packing.py $$folder/256 $$folder/512 --steps 300 --publish && rm -r $$folder

# Says what changed. GitHub's definition of workflows comes with the judges (make judges); CHECK=1 writes nothing.
github-rules: $(INSTALLED) ## make the built-in rules of GitHub workflows again (CHECK=1: only say what would change)
	PYTHONPATH=tools $(BIN)/python -m github_rules $(if $(DEFINITIONS),"$(DEFINITIONS)") $(if $(CHECK),--check)

packaged-workflows: $(INSTALLED) ## make the workflows in the package again
	$(BIN)/python tools/package_workflows.py

# Needed after a change of what tokenizers learn; takes seconds.
packaged-tokenizer: $(INSTALLED) ## learn the tokenizer in the package again
	$(BIN)/python tools/package_tokenizer.py

$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "SchemaLM needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

$(DOCS_INSTALLED): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --group docs
	touch $@

clean: ## remove .venv and all caches
	rm -rf docs/_build $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
