# cnnlab's commands. They need GNU make and Python 3.11 or later, and make their own environment in .venv.

PYTHON ?= python3
PORT ?= 8866
HOST ?= 0.0.0.0
TOKEN ?=
SEATS ?= 40
BIN := .venv/bin
SOURCES := cnnlab tests tools notebooks $(wildcard bench)

.PHONY: help dashboard serve lab site test test-colab bench check fix links pictures weights constraints clean
.DELETE_ON_ERROR:

help:
	@echo "make dashboard   the lessons as a dashboard on http://127.0.0.1:$(PORT)/ (PORT=... for another port)"
	@echo "make serve       the dashboard for a class: HOST=address TOKEN=word SEATS=40 (see TEACHING.md)"
	@echo "make lab         the lessons as notebooks in JupyterLab"
	@echo "make site        the lessons as static pages in site/"
	@echo "make test        all tests (ARGS=... goes to pytest)"
	@echo "make bench       the measurements"
	@echo "make check       style and consistency;  make fix  repairs what it can"
	@echo "make links       write all addresses and tables that follow from pyproject.toml and the lessons' metadata"
	@echo "make pictures    take the gallery's pictures of the lessons anew"
	@echo "make weights     train the shipped nets anew, an hour or two (ARGS=lenet5 for one of them)"
	@echo "make constraints pin the newest versions in constraints.txt"
	@echo "make clean       remove what was built, except environments"

dashboard: .venv/lessons.stamp
	@$(BIN)/python -m cnnlab.serving.dashboard --port=$(PORT) $(ARGS)

# One thread a kernel: forty students share the processors. Without TOKEN one is invented and printed.
serve: export CNNLAB_TOKEN := $(TOKEN)
serve: .venv/lessons.stamp
	@$(BIN)/python -m cnnlab.serving.dashboard --Voila.ip=$(HOST) --port=$(PORT) --Classroom.threads=1 --Classroom.seats=$(SEATS) $(ARGS)

lab: .venv/lessons.stamp
	@$(BIN)/python -m cnnlab.serving.lab $(ARGS)

site: .venv/lessons.stamp
	@$(BIN)/python -m cnnlab.serving.site notebooks site
	@echo "open site/index.html"

test: .venv/test.stamp test-colab
	$(BIN)/python -m pytest $(ARGS)

# Apps and notebooks with the widget versions that Colab ships; old ipywidgets use what is deprecated by now.
test-colab: .venv-colab/stamp
	.venv-colab/bin/python -m pytest -q -W ignore::DeprecationWarning tests/apps tests/test_notebooks.py

bench: .venv/test.stamp
	$(BIN)/python bench $(ARGS)

check: .venv/test.stamp
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/python -m pytest -q -rs tests/test_repository.py tests/test_supply.py

fix: .venv/test.stamp links
	$(BIN)/nbstripout --keep-id notebooks/*.ipynb
	-$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

links: .venv/test.stamp
	$(BIN)/python tools/links.py

pictures: .venv/test.stamp
	$(BIN)/python tools/pictures.py

weights: .venv/test.stamp
	$(BIN)/python tools/recorded_runs.py $(or $(ARGS),weights)

constraints:
	rm -rf .venv-pins
	$(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python tools/install.py --latest notebooks torch test
	.venv-pins/bin/python tools/pin.py
	rm -rf .venv-pins

clean:
	rm -rf site build dist .pytest_cache .ruff_cache .hypothesis *.egg-info
	find cnnlab tests tools -name __pycache__ -prune -exec rm -rf {} +

# Environments. A stamp is newer than what its environment was made from, so a second run starts at once.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("cnnlab needs Python 3.11 or later: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/lessons.stamp: pyproject.toml constraints.txt tools/install.py | $(BIN)/python
	@$(BIN)/python tools/install.py notebooks
	@touch $@

.venv/test.stamp: pyproject.toml constraints.txt tools/install.py | $(BIN)/python
	@$(BIN)/python tools/install.py notebooks torch test
	@touch $@ .venv/lessons.stamp

.venv-colab/stamp: tests/colab.txt pyproject.toml constraints.txt tools/install.py
	@echo "Installing what Colab ships, for the apps' tests"
	@test -x .venv-colab/bin/python || $(PYTHON) -m venv .venv-colab
	@.venv-colab/bin/python -m pip install --quiet -r tests/colab.txt
	@.venv-colab/bin/python tools/install.py torch
	@touch $@
