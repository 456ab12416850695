# Commands for people and for CI. `make demo` and `make test` work on a fresh machine with Rust,
# Python 3.11 or newer and a C toolchain; they make what they need first.

PYTHON ?= python3
MAIN := .venv-0.10.2
RUN := $(MAIN)/bin/python
LIBRARY_BUILD := cargo build --release -p pjrt

.PHONY: setup build test lint demo bench clean

setup:
	$(PYTHON) scripts/setup

build:
	$(LIBRARY_BUILD)

$(MAIN)/requirements.sha256: scripts/setup pyproject.toml
	$(PYTHON) scripts/setup main
	touch $@

test:
	$(PYTHON) scripts/test

lint: $(MAIN)/requirements.sha256
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

demo: $(MAIN)/requirements.sha256 build
	$(RUN) scripts/demo.py

# For example: make bench CASE=gpt
CASE ?= .
bench: $(MAIN)/requirements.sha256 build
	$(RUN) -m benchmarks run --case '$(CASE)' --platform both

clean:
	cargo clean
	rm -rf build dist demo-output
