# Everything a newcomer needs; `make help` lists it. Set-up (virtual environment, locked packages,
# model weights) happens by itself and only when something it depends on has changed.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=
# Tests wait for disks, servers and browsers as well: half as many workers again as processors.
WORKERS ?= $(shell $(PYTHON) -c 'import os; n = len(os.sched_getaffinity(0)); print(n + n // 2)')

# `make demo -- --keep` hands what follows to the command.
ifneq (,$(filter demo serve bench,$(firstword $(MAKECMDGOALS))))
  EXTRA := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
  $(foreach word,$(EXTRA),$(eval $(word):;@:))
endif

.DEFAULT_GOAL := help
.PHONY: help setup weights openvino demo serve test test-more screenshots pictures record check format bench lock clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "Siaga needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is %d.%d: run make PYTHON=python3.12" % v)'
	@echo "Setting up $(VENV) (once; a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.ready  ## virtual environment with the locked packages

weights: setup  ## fetch, verify and compile the default pack's model weights (once)
	@$(BIN)/siaga models fetch open --quiet
	@$(BIN)/siaga models compile open --quiet

openvino: setup  ## install OpenVINO, which runs the recognisers in bfloat16 where the processor has it
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/openvino.txt

demo: weights  ## two agencies, three lists, arrivals at two ports, one alert's review: over HTTP
	@$(BIN)/siaga demo $(EXTRA) $(ARGS)

serve: weights  ## run the service on this machine
	@$(BIN)/siaga serve $(EXTRA) $(ARGS)

test: weights  ## run the tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-more: weights  ## campaigns beside the tests: crashes, upgrades, imports, a TypeScript client (needs Node)
	@$(BIN)/python -m pytest -n 0 -m more $(ARGS)

pictures: setup  ## the pictures of a printed report in docs/evidence.md
	@$(BIN)/python -m tests.report_picture $(ARGS)

screenshots: setup  ## every screen of the console, into out/screenshots (needs Chromium)
	@$(BIN)/python -m tests.screenshots $(ARGS)

guide: setup  ## the pictures of the guide, in api/console/guide (needs Chromium)
	@$(BIN)/python -m tests.guide_pictures

record: setup  ## record a deliberate change of what users and data depend on (tests/contract)
	@$(BIN)/python -m tests.contract.record

check: setup  ## formatting, lint, types, import directions, docs, the OpenAPI document
	@$(BIN)/ruff format --no-cache --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --no-cache --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache | tail -n 3
	@$(BIN)/python -m pytest -q -n 0 tests/test_docs.py tests/api/test_openapi.py tests/api/console/test_catalogues.py

format: setup  ## put every file into the project's format
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --no-cache --quiet --fix .

bench: weights  ## speed side by side with peers, and crashes, in one run
	@$(BIN)/python -m benchmarks $(EXTRA) $(ARGS)

lock: setup  ## renew requirements/*.txt from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements/runtime.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --extra openvino -c requirements/runtime.txt -o requirements/openvino.txt

clean:  ## remove what was built here
	rm -rf $(VENV) dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis
