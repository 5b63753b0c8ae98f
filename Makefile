# `make` lists what there is. Everything runs in .venv, which is made where it is missing.

PYTHON ?= python3
VENV := .venv
DATA ?= ../shared/data/workflows
CASES ?= ../shared/data
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DOCS_INSTALLED := $(VENV)/.docs-installed
# One process for each core, with one thread each (tests/conftest.py). TESTS="tests/grammar -k limits" names some alone.
PYTEST := $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint types unit coverage docs format roundtrip conformance benchmark-data packaged-workflows packaged-tokenizer clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(INSTALLED) ## a model that writes GitHub workflows, from nothing, in minutes (OUT=folder)
	$(BIN)/schemalm demo $(if $(OUT),--out $(OUT))

test: lint types docs unit ## lint, types, the documentation and the whole test suite

quick: lint ## lint and all tests but the slow ones: while you work
	$(PYTEST) -m 'not slow' $(TESTS)

lint: $(INSTALLED) ## ruff: faults and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

unit: $(INSTALLED) ## all tests, or TESTS="tests/grammar -k limits"
	$(PYTEST) $(TESTS)

coverage: $(INSTALLED) ## the tests again, with the lines and branches that none reaches
	$(PYTEST) --cov --cov-report=term $(TESTS)

format: $(INSTALLED) ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A warning is an error, and nothing is fetched while it builds.
docs: $(DOCS_INSTALLED) ## the documentation as a site in docs/_build
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html --doctree-dir docs/_build/.doctrees docs docs/_build

# Minutes, and not part of `make test`.
roundtrip: $(INSTALLED) ## encode and decode every real workflow beside the repository
	$(BIN)/python benchmarks/roundtrip.py $(DATA)

# Every case of the three data sets against the committed baseline, with random walks: minutes. UPDATE=1 writes the
# baseline anew; OPTIONS="--split Handwritten --every 4" in place of everything, OPTIONS="--case ID" for one case.
OPTIONS ?= --publish
conformance: $(INSTALLED) ## every case of three data sets against the baseline (UPDATE=1 writes it)
	PYTHONPATH=benchmarks $(BIN)/python -m conformance $(CASES) $(OPTIONS) $(if $(UPDATE),--update-baseline)

# What preparing the real workflows costs by stage, memory while a corpus grows, sizes, Ray against the pool, and what packed
# rows do to training: half an hour.
benchmark-data: $(INSTALLED) ## what preparing the real workflows costs: half an hour
	PYTHONPATH=tools $(BIN)/python benchmarks/data.py $(DATA)/train.jsonl.zst --publish
	folder=$$(mktemp -d) && some="$(DATA)/train.jsonl.zst --max-files 10000 --tokenizer $$folder/tokenizer.json" && \
	$(BIN)/schemalm tokenizer train --corpus $(DATA)/train.jsonl.zst --max-files 10000 --out $$folder/tokenizer.json && \
	$(BIN)/schemalm prepare --input $$some --output $$folder/256 --stride 256 && \
	$(BIN)/schemalm prepare --input $$some --output $$folder/512 --stride 512 && \
	$(BIN)/python benchmarks/packing.py $$folder/256 $$folder/512 --steps 300 --publish && rm -r $$folder

packaged-workflows: $(INSTALLED) ## compose the workflows that the package carries again
	$(BIN)/python tools/package_workflows.py

# After a change of what tokenizers learn; takes seconds.
packaged-tokenizer: $(INSTALLED) ## learn the tokenizer that the package carries again
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
