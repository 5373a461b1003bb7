# Everything runs from .venv, which `make` creates and fills on any Python from 3.11 on.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# As many at once as this process may use cores, each with one thread; of tests one more, since some
# wait for processes.
JOBS ?= $(shell nproc)
TESTS ?= $(shell expr $(JOBS) + 1)
EXAMPLES := $(wildcard examples/0*.py)
PYTEST := $(BIN)/python -m pytest --numprocesses $(TESTS) --dist worksteal

.PHONY: $(EXAMPLES) help install demo docs test tests test-all thorough quick lint examples frameworks fuzz bench clean

help:
	@echo "make demo      train, export, run on Lava and report, on handwritten digits, into out/"
	@echo "make test      lint, types, imports and tests"
	@echo "make test-all  the same with many more cases, on every supported Python that is here"
	@echo "make quick     the tests that take seconds"
	@echo "make examples  run the examples"
	@echo "make frameworks  other tools' files and counts beside these tools; a gigabyte"
	@echo "make fuzz      damaged files against every reader; an hour"
	@echo "make bench     time it beside Lava, Norse, nirtorch and torch; minutes"
	@echo "make docs      the site, offline, into out/docs"
	@echo "make install   only fill .venv"

install: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all,dev,docs]"
	$(BIN)/snnvae doctor --install-lava
	@touch $@

# A model a core. Their progress comes line by line: two bars would overwrite each other.
demo: $(READY)
	@$(MAKE) --no-print-directory --jobs $(JOBS) demo-esvae demo-fsvae

demo-%: SHELL := bash
demo-%: .SHELLFLAGS := -o pipefail -c
demo-%: $(READY)
	$(BIN)/snnvae demo --model $* -o out 2>&1 | cat

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Side by side, since mypy has use for one core alone.
test: $(READY)
	@$(MAKE) --no-print-directory --jobs 2 lint tests

tests: $(READY)
	$(PYTEST)

test-all: lint thorough
	.ci/other-pythons

thorough: $(READY)
	$(PYTEST) -m "" --hypothesis-profile thorough

quick: $(READY)
	$(PYTEST) -m "not slow and not thorough"

# Every notebook runs; a link that leads nowhere is an error.
docs: $(READY)
	$(BIN)/python -m sphinx --fail-on-warning --keep-going -q -d out/docs-work docs out/docs
	@echo "out/docs/index.html"

examples: $(EXAMPLES)

$(EXAMPLES): $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python $@

# In an environment of their own.
frameworks: $(READY)
	.ci/frameworks

fuzz: $(READY)
	cd tests/support && ../../$(BIN)/python -m fuzz.run

bench: $(READY)
	mkdir -p out
	$(BIN)/python -m benchmarks --json out/benchmarks.json --markdown out/benchmarks.md

clean:
	rm -rf .venv out
