# make demo: set-up, then evolve a heuristic (no key, no network but the package index). make test: the test suite.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check browser clean

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

demo: $(VENV)/.ready
	$(BIN)/evolve demo

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py

browser: $(VENV)/.ready  # the dashboard in a real headless Chromium, which has to be there
	EVOLVE_TEST_CHROMIUM=$$(command -v chromium) $(BIN)/python -m pytest -m browser -n auto --dist load

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
