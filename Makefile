# Python 3.11+ and make are enough. No recipe names the folder, so that its path may hold spaces.

.DEFAULT_GOAL := help
.PHONY: help demo up test check bench-extraction extras lint lock clean install install-dev

# With it every start and every run would compile all libraries again.
unexport PYTHONDONTWRITEBYTECODE

ARGS ?=

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

demo: install ## Install, start, bring the example documents through; ARGS=--once ends after that
	@.venv/bin/doc-pipeline demo $(ARGS)

up: install ## Install and start the services; Ctrl-C stops them
	@.venv/bin/doc-pipeline up $(ARGS)

extras: ## Add e-books, tables in PDF and HEIC pictures
	@scripts/install extras

test: install-dev ## All tests; ARGS go to pytest
	@scripts/system-packages
	@scripts/test $(ARGS)

check: install-dev ## Style, types, import directions, house rules, fast tests
	@scripts/check

lint: install-dev ## The same without tests
	@scripts/check lint

bench-extraction: install-dev ## Speed, memory and quality of extraction; ARGS choose benchmarks
	@.venv/bin/python benchmarks/extraction/run.py $(ARGS)

lock: install-dev ## Write constraints.txt anew after a change of dependencies
	@scripts/lock $(ARGS)

clean: ## Remove .venv and caches; documents and data (.data) stay
	rm -rf .venv dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache .tmp_dagster_home_*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

install:
	@scripts/install run

install-dev:
	@scripts/install dev
