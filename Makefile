# `make up` needs Python 3.11 or newer and nothing else; everything lands in .venv/ and var/.
#
#   make up      start the whole thing and print where it answers (Ctrl-C stops it)
#   make down    stop it from another terminal       make reset   stop it and forget all its data
#   make test    the tests, 12 minutes on two cores  make check   style, types, layers, migrations, deployment
#   make bench   measure                             make chaos   kill parts while orders flow
#   make doctor  what is wrong with this machine     make lock    requirements.in -> requirements.txt
#   make test-slow  failpoints and several workers, on whole instances

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
STAMP := .venv/.installed
# The first of these that is at least 3.11 builds the environment.
CANDIDATES := python3.11 python3.12 python3.13 python3 python

# Two processes, each file in one of them; PARALLEL= runs one test after the other.
PARALLEL := -n 2 --dist loadfile

.PHONY: help up down reset doctor test test-slow check bench chaos lock
.PHONY: check-style check-format check-types check-layers check-migrations check-deployment

help:
	@sed -n 's/^#   //p' Makefile

up: $(STAMP)
	@exec $(PYTHON) manage.py up

down: $(STAMP)
	@$(PYTHON) manage.py down

reset: $(STAMP)
	@$(PYTHON) manage.py reset

doctor: $(STAMP)
	@$(PYTHON) manage.py doctor

test: $(STAMP)
	@$(PYTHON) -m pytest $(PARALLEL)

bench: $(STAMP)
	@$(PYTHON) -m bench

test-slow: $(STAMP)
	@$(PYTHON) -m pytest -m slow

chaos: $(STAMP)
	@$(PYTHON) -m tests.chaos

# The stamp is newer than the lock file when every package in it is installed, so a second run costs nothing.
$(STAMP): requirements.txt
	@found=; for name in $(CANDIDATES); do \
	    if command -v $$name >/dev/null 2>&1 && \
	       $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$name; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "Python 3.11 or newer is needed and was not found. Install it (for example: apt-get install python3.11" \
	         "python3.11-venv) and run this again." >&2; exit 1; \
	fi; \
	if ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then \
	    echo "Making .venv with $$($$found --version)"; \
	    $$found -m venv --clear .venv || { echo "$$found cannot make a virtual environment; install its venv" \
	        "package (for example: apt-get install python3-venv)." >&2; exit 1; }; \
	fi
	@echo "Installing the locked packages (once)"
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# pip-tools is not part of the lock: it makes it.
lock: $(STAMP)
	@$(PYTHON) -c 'import piptools' 2>/dev/null || $(PYTHON) -m pip install -qq --disable-pip-version-check 'pip-tools==7.*'
	@CUSTOM_COMPILE_COMMAND= $(PYTHON) -m piptools compile --quiet --allow-unsafe --generate-hashes \
	    --no-emit-find-links --no-emit-index-url --no-emit-trusted-host --strip-extras \
	    --output-file=requirements.txt requirements.in

# --- checks: each named on one line, all of them run, all must pass ----------------------------------------------------

# As production has it; the values are worth nothing, and no check of them opens the database.
PRODUCTION := env -u DEBUG BACKOFFICE_MODE=production BACKOFFICE_VAR=/nonexistent \
    SECRET_KEY=only-for-make-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ \
    FIELD_KEYS=bWFrZS1jaGVjay1tYWtlLWNoZWNrLW1ha2UtY2hlY2s= EGRESS_ALLOW= \
    ALLOWED_HOSTS=backoffice.example PUBLIC_URL=https://backoffice.example EMAIL_URL=dummymail:// \
    DATABASE_URL=postgresql://nobody@127.0.0.1:1/none
CHECKS := check-style check-format check-types check-layers check-migrations check-deployment

check: $(STAMP)
	@failed=; for name in $(CHECKS); do \
	    if output=$$($(MAKE) --no-print-directory -s $$name 2>&1); then echo "ok      $$name"; \
	    else echo "FAILED  $$name"; echo "$$output" | grep -v '^make\[' | sed 's/^/        /'; failed="$$failed $$name"; fi; \
	done; \
	if [ -n "$$failed" ]; then echo "Not clean:$$failed"; exit 1; else echo "All checks passed."; fi

check-style:
	@$(PYTHON) -m ruff check --output-format concise .

check-format:
	@$(PYTHON) -m ruff format --check --output-format concise .

check-types:
	@$(PRODUCTION) $(PYTHON) -m mypy

check-layers:
	@.venv/bin/lint-imports --no-logo

check-migrations:
	@$(PRODUCTION) $(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

check-deployment:
	@$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
