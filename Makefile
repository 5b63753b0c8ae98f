# Two commands to begin with: `make demo` and `make test`. Everything runs in .venv, which is made where it is missing.

PYTHON ?= python3
VENV := .venv
DATA ?= ../shared/data/workflows
CASES ?= ../shared/data
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint types unit format roundtrip conformance benchmark-data packaged-workflows packaged-tokenizer clean

demo: $(INSTALLED)
	$(BIN)/schemalm demo $(if $(OUT),--out $(OUT))

test: lint types unit

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

unit: $(INSTALLED)
	$(BIN)/pytest

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Encodes every row of the real workflows beside the repository: minutes, and not part of `make test`.
roundtrip: $(INSTALLED)
	$(BIN)/python benchmarks/roundtrip.py $(DATA)

# Every case of the three data sets against the committed baseline, with random walks: minutes. UPDATE=1 writes the
# baseline anew; OPTIONS="--split Handwritten --every 4" in place of everything, OPTIONS="--case ID" for one case.
OPTIONS ?= --publish
conformance: $(INSTALLED)
	PYTHONPATH=benchmarks $(BIN)/python -m conformance $(CASES) $(OPTIONS) $(if $(UPDATE),--update-baseline)

# What preparing the real workflows costs by stage, memory while a corpus grows, sizes, Ray against the pool, and what packed
# rows do to training: half an hour.
benchmark-data: $(INSTALLED)
	PYTHONPATH=tools $(BIN)/python benchmarks/data.py $(DATA)/train.jsonl.zst --publish
	folder=$$(mktemp -d) && some="$(DATA)/train.jsonl.zst --max-files 10000 --tokenizer $$folder/tokenizer.json" && \
	$(BIN)/schemalm tokenizer train --corpus $(DATA)/train.jsonl.zst --max-files 10000 --out $$folder/tokenizer.json && \
	$(BIN)/schemalm prepare --input $$some --output $$folder/256 --stride 256 && \
	$(BIN)/schemalm prepare --input $$some --output $$folder/512 --stride 512 && \
	$(BIN)/python benchmarks/packing.py $$folder/256 $$folder/512 --steps 300 --publish && rm -r $$folder

# Composes the workflows that the package carries again, in seconds: after a change of the workflow book. The packaged
# tokenizer is learned from them.
packaged-workflows: $(INSTALLED)
	$(BIN)/python tools/package_workflows.py

# Learns the tokenizer that the package carries again, in seconds: after a change of what tokenizers learn.
packaged-tokenizer: $(INSTALLED)
	$(BIN)/python tools/package_tokenizer.py

$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "SchemaLM needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
