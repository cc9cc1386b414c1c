# make run    install into .venv, ingest corpus/, answer two questions, serve http://127.0.0.1:8000 until Ctrl-C
# make test   ruff, mypy --strict and pytest in the same .venv
# make clean  remove .venv and caches; the library in .lectern/ stays
#
# Needs Python 3.11 or newer and nothing else: make run PYTHON=/path/to/python3.11 picks another one.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
PORT   ?= 8000
VENV   := .venv
BIN    := $(VENV)/bin
# What is downloaded, with a bar, where somebody watches; nothing in a log.
PIP    := quiet=--quiet; test -t 1 && quiet=; $(BIN)/python -m pip install --disable-pip-version-check $$quiet

.PHONY: run test clean help

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

run: $(VENV)/run.stamp
	$(BIN)/lectern ingest corpus/
	@echo
	$(BIN)/lectern ask "Из каких трёх этапов состоит обучение чат-модели?"
	@echo
	$(BIN)/lectern ask "What does a KV cache store?"
	@echo
	@exec $(BIN)/lectern serve --port $(PORT)

test: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find ingest retrieval generator api corpus tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was made from, so a second `make run` installs nothing.
# The package itself is installed in place: edits in the working tree take effect at once.
$(VENV)/run.stamp: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lectern needs Python 3.11 or newer, this is %d.%d: make run PYTHON=/path/to/python3.11" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (once; minutes, mostly the download of torch)"
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements-dev.txt
	@$(PIP) -r requirements-dev.txt
	@touch $@
