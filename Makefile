# Every command a developer needs; `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
EARMARK := $(BIN)/earmark

.DEFAULT_GOAL := help
.PHONY: help install demo test format lint types floors tests docs wheel pins

help: ## List these commands.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "earmark needs Python 3.11 or newer; this is $$($(PYTHON) --version). Use make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: $(VENV)/.installed ## Make .venv and install what is pinned.

demo: install ## Train on the embedded songs, evaluate, report, and predict: the main job in minutes.
	$(EARMARK) train demo --runs runs/demo
	$(EARMARK) data synthetic --set songs=16 --set seed=99 --write-audio runs/demo-songs
	$(EARMARK) predict runs/demo runs/demo-songs
	$(EARMARK) predict runs/demo-songs

test: lint types floors tests docs ## All checks that must pass: formatting, lint, types, floors, tests, the site.

format: $(VENV)/.installed-dev ## Rewrite the code in its one format.
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

lint: $(VENV)/.installed-dev ## Formatting and lint.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev ## mypy --strict on the package.
	$(BIN)/mypy

floors: $(VENV)/.installed-dev ## A room imports only what stands below it.
	$(BIN)/lint-imports

tests: $(VENV)/.installed-dev ## The tests, in a process for each processor.
	$(BIN)/python -m pytest -n logical --dist worksteal

build/gallery/made: docs/make_gallery.py docs/gallery.md docs/tutorials/classroom.md docs/notebooks/demo.ipynb \
		$(shell find src/earmark -type f -not -name '*.pyc') | $(VENV)/.installed-dev
	PYTHONPATH=tests/docs $(BIN)/python docs/make_gallery.py build/gallery

docs: $(VENV)/.installed-dev build/gallery/made ## The site, into build/site; any warning is an error.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

wheel: ## The wheel, into dist/, and what it does alone: in a new environment, far from this folder, it names a genre.
	rm -rf dist
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(PYTHON) -m venv $$folder/venv && \
	pip="$$folder/venv/bin/python -m pip --quiet --disable-pip-version-check" && \
	$$pip wheel --no-deps --wheel-dir dist . && \
	$$pip install --no-compile --constraint constraints.txt dist/earmark-*.whl && \
	cd $$folder && \
	venv/bin/earmark --version && \
	venv/bin/earmark data synthetic --set songs=10 --set seconds=6 --write-audio songs && \
	venv/bin/earmark predict songs/waltz

pins: ## Write constraints.txt anew: the newest releases that fit, torch as it is.
	$(PYTHON) -m venv --clear build/pins
	build/pins/bin/python -m pip install --quiet "$$(grep '^torch==' constraints.txt)"
	build/pins/bin/python -m pip install --quiet --editable '.[dev]'
	{ grep '^#' constraints.txt; build/pins/bin/python -m pip freeze --all --exclude-editable --exclude pip | \
		sed 's/+.*//' | LC_ALL=C sort --ignore-case; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
