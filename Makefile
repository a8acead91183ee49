# `make demo` and `make test` set themselves up; `make help` lists the rest.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check
OUT ?= demo_output

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all check format zip clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed; install it, or say PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) (once; about two minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --constraint constraints.txt --editable ".[server,preview,blender,voice,dev]"
	@touch $@

setup: $(STAMP)  ## make the environment in .venv

demo: $(STAMP)  ## a line speaks in Blender: make demo [LINE=recording.wav]
	@$(BIN)/soliloquy demo $(if $(LINE),"$(LINE)") --out "$(OUT)"

check: $(STAMP)  ## lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --pythonpath $(BIN)/python

test: check  ## everything that needs no accelerator, window or network
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-all: check  ## the slow tests too
	@$(BIN)/python -m pytest -n 2 --dist loadfile

format: $(STAMP)  ## format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

zip: $(STAMP)  ## both Blender extension zips, validated by Blender's own tool
	@$(BIN)/python tools/build_zip.py

clean:  ## remove the environment and everything made
	@rm -rf $(VENV) dist build demo_output .pytest_cache .ruff_cache *.egg-info
