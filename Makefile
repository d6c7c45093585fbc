# `make run` serves kapteam, `make test` proves it, `make bench` measures it. Each does its own set-up,
# once.
# All that a machine needs beforehand is Python 3.11 or newer.

PYTHON := python3
VENV := .venv
BIN := $(VENV)/bin
# The tests keep their files in memory where there is a gigabyte of it to spare: a disk makes them wait.
MEMORY := $(shell test -w /dev/shm && test "$$(df -Pm /dev/shm | awk 'NR==2 {print $$4}')" -ge 1024 && echo /dev/shm)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test bench

run: $(VENV)/installed
	@$(BIN)/python -m kapteam serve

test: $(VENV)/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

bench: $(VENV)/installed-for-tests
	@$(BIN)/python -m bench

$(VENV)/installed: requirements.txt constraints.txt | $(BIN)/pip
	@echo "Installing what kapteam needs; this takes a minute or two, once."
	@$(INSTALL) --requirement requirements.txt
	@touch $@

$(VENV)/installed-for-tests: requirements-dev.txt requirements.txt constraints.txt | $(BIN)/pip
	@echo "Installing what kapteam and its tests need; this takes a few minutes, once."
	@$(INSTALL) --requirement requirements-dev.txt
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "kapteam needs Python 3.11 or newer as $(PYTHON); for another one: make run PYTHON=python3.12"; \
		exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "This Python cannot make a virtual environment; on Debian or Ubuntu: sudo apt install python3-venv"; \
		exit 1; }
