# Everything runs from .venv, which `make` creates and fills on any Python from 3.11 on.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help install demo test quick lint examples bench clean

help:
	@echo "make demo      train, export, run on Lava and report, on handwritten digits, into out/"
	@echo "make test      lint, types, imports and tests"
	@echo "make examples  run the examples"
	@echo "make quick     the tests that take seconds"
	@echo "make bench     time it beside Lava, Norse, nirtorch and torch; minutes"
	@echo "make install   only fill .venv"

install: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all,dev]"
	$(BIN)/snnvae doctor --install-lava
	@touch $@

demo: $(READY)
	$(BIN)/snnvae demo -o out

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest

quick: $(READY)
	$(BIN)/python -m pytest -m "not slow"

examples: $(READY)
	for example in examples/0*.py; do echo "== $$example"; $(BIN)/python $$example || exit 1; done

bench: $(READY)
	mkdir -p out
	$(BIN)/python -m benchmarks --json out/benchmarks.json --markdown out/benchmarks.md

clean:
	rm -rf .venv out
