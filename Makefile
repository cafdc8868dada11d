# make run needs Python 3.11 or newer and nothing else. make help lists the rest.
.DEFAULT_GOAL := help
.PHONY: help install install-dev run smoke test clients faults lint bench oversight-study

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
# pytest arguments, as in: make test ARGS="tests/agents -k ledger"
ARGS ?=
SCENARIO ?=

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## what running needs, into .venv
install-dev: $(VENV)/.installed-dev  ## and what testing needs

run: install  ## the site, its database and the demo agents; prints the address and the logins
	@$(PY) -m config.trial run

smoke: install  ## from nothing to real cases decided and carried out, checked from outside
	@$(PY) -m config.trial smoke

test: install-dev  ## the whole suite
	@$(PY) -m config.trial exec $(PY) -m pytest -n 2 --dist loadfile $(ARGS)

clients: install-dev  ## published agent frameworks, each in an environment of its own, on the live site
	@HANDRAIL_CLIENTS=1 $(PY) -m config.trial exec \
		$(PY) -m pytest -n 2 --dist loadfile tests/real_clients $(ARGS)

faults: install-dev  ## long random schedules of killed processes
	@HANDRAIL_FAULTS=long $(PY) -m config.trial exec $(PY) -m pytest -m faults tests/faults $(ARGS)

lint: install-dev  ## style, import directions, migrations, settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports
	$(PY) -m config.trial exec $(PY) manage.py makemigrations --check --dry-run
	HANDRAIL_PUBLIC_URL=https://handrail.example $(PY) -m config.trial exec \
		$(PY) manage.py check --deploy --fail-level WARNING

bench: install-dev  ## each scenario against its baseline; SCENARIO=name for one
	@$(PY) -m config.trial exec $(PY) -m tests.benchmarks $(SCENARIO)

oversight-study: install-dev  ## whether thresholds and alarms keep their promises, on real data; ten minutes
	@$(PY) -m tests.oversight_study

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock agents/client/pyproject.toml | $(PY)
	@echo Installing what running needs into $(VENV) …
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e agents/client
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock agents/client/pyproject.toml | $(PY)
	@echo Installing what testing needs into $(VENV) …
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e agents/client
	@touch $(VENV)/.installed $@
