# Needs Python 3.11 or newer and make. Everything else goes into .venv, installed anew only
# when pyproject.toml changes.

PYTHON ?= $(shell for p in python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
WORKERS ?= 2
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest -n $(WORKERS)
RESULTS := results/quynh-luu
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable chrome

.PHONY: help run test verify pages prove bench notebooks slides messages clean

help:
	@echo "make run      simulate scenarios/quynh-luu.yaml and say where the results are"
	@echo "make test     style, types and the default tests"
	@echo "make verify   slow statistical checks, minutes"
	@echo "make pages    reports in a browser, in every language; needs Chromium"
	@echo "make prove    checks that take hours"
	@echo "make bench    speed of the engines, of experiments, of a nation; ten minutes"
	@echo "make notebooks  run the notebooks from top to bottom and keep what they show"
	@echo "make slides   the notebooks as slides, in results/slides/"
	@echo "make messages  bring the translations up to date, list what is missing"
	@echo "make clean    remove the environment and all caches"

run: .venv/run.stamp
	$(BIN)/hamletsim run scenarios/quynh-luu.yaml --out $(RESULTS)
	@echo "Results: $(RESULTS)/"
	@if test -f $(RESULTS)/report.html; then echo "Report:  $(RESULTS)/report.html"; fi

test: .venv/test.stamp
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check sim tests
	$(BIN)/python -m mypy
	$(PYTEST)

# pytest ends with an error (exit code 5) when a marker selects no test.
verify: .venv/test.stamp
	$(PYTEST) -m verify

# `make verify` has these too, where playwright and a browser are found.
pages: .venv/test.stamp
	@for b in $(BROWSERS); do command -v $$b >/dev/null && exit 0; done; \
		echo "No browser found. On Debian or Ubuntu: apt install chromium" >&2; exit 1
	$(PIP) install --editable '.[test,browser]'
	$(PYTEST) -m verify tests/test_pages.py

prove: .venv/test.stamp
	$(PYTEST) -m prove

bench: .venv/run.stamp
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.experiments
	$(BIN)/python -m tests.benchmarks.scale

notebooks: .venv/test.stamp
	$(BIN)/python -m notebooks.talks execute

slides: .venv/test.stamp
	$(BIN)/python -m notebooks.talks slides

messages: .venv/test.stamp
	$(BIN)/python -m tests.catalogues

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find sim tests -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found. Install one," \
		"or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is not Python 3.11 or newer." >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON); the first time this takes a few minutes."
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; \
		echo "No environment could be made. On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }

.venv/run.stamp: pyproject.toml | $(BIN)/python
	$(PIP) install --editable .
	@touch $@

.venv/test.stamp: .venv/run.stamp
	$(PIP) install --editable '.[test]'
	@touch $@
