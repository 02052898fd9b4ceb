# Every target installs what it needs into $(VENV). make demo and make test work in an empty environment.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

BENCH ?= ../shared/bench

.PHONY: demo test check benchmark corpus clean

demo: $(VENV)/.serve  ## classify data/samples/feedback_small.csv and print a table
	$(BIN)/klantstem classify data/samples/feedback_small.csv --table

test: $(VENV)/.dev check  ## lint, types, tests
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmark: $(VENV)/.dev build/base/modules.json  ## quality on BENCH/dev.jsonl, beside three baselines
	@test -e "$(BENCH)/dev.jsonl" || { echo "no $(BENCH)/dev.jsonl: make benchmark BENCH=folder"; exit 2; }
	$(BIN)/python -m benchmarks.quality $(BENCH)

build/base/modules.json: | $(VENV)/.dev
	$(BIN)/klantstem-train base-encoder build/base

corpus: $(VENV)/.dev  ## check the labelled corpus and print its counts
	$(BIN)/python -m training.corpus

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	touch $@

# torch first and on its own: the extra then finds a version that satisfies it.
$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) "$$(grep '^torch==' constraints.txt)"
	$(PIP) -e '.[train,dev]'
	touch $@ $(VENV)/.serve

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
