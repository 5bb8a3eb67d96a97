# Two commands on a fresh machine: `make demo` and `make test`. Each does its own set-up and names missing tools.

CARGO ?= cargo
PYTHON ?= python3
# Options for cargo, such as --locked or --offline.
CARGO_FLAGS ?=
# Random cases per property in `make test-long`; `make test` runs 800, the same each time.
CASES ?= 20000
# Seconds that `make fuzz` gives each target.
FUZZ_SECONDS ?= 60

TARGET := $(or $(CARGO_TARGET_DIR),target)
PLICA := $(TARGET)/release/plica
# Where `make python` installs the package. EXTRAS are more packages for its tests: ray, torch.
VENV := $(abspath $(TARGET))/python
EXTRAS ?=

.DEFAULT_GOAL := help
.PHONY: help setup build demo test near test-long python docs onnx browser proofs lint bench bench-python fuzz miri

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## check for cargo, cc, make and m4; install m4 if that needs no password
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.92 or later, see https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing (it builds GMP): install gcc or clang with make, for example apt-get install build-essential" >&2; exit 1; }
	@command -v m4 >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { apt-get install -y m4 || { apt-get update && apt-get install -y m4; }; }; } \
		|| { command -v sudo >/dev/null && sudo -n true 2>/dev/null && command -v apt-get >/dev/null && sudo -n apt-get install -y m4; } \
		|| { echo "m4 is missing (it builds GMP): install it, for example apt-get install m4 or brew install m4" >&2; exit 1; }
	@ls -d $(TARGET)/*/build/gmp-mpfr-sys-* >/dev/null 2>&1 \
		|| echo "The first build compiles the integer library GMP from source: about two minutes."

build: setup ## build target/release/plica
	$(CARGO) build --release $(CARGO_FLAGS)

demo: build ## the exact folding table of a network for handwritten digits, all 3,227,412 segments, and one exact trace
	$(PLICA) fold digits:3x20 digits
	$(PLICA) trace digits:3x20 --from digits#0 --to digits#17

test: setup ## all tests: unit, integration, documentation; tests of the scripts if Python and numpy are installed
	$(CARGO) test --profile checked $(CARGO_FLAGS)
	@if command -v $(PYTHON) >/dev/null; then \
		echo "$(PYTHON) data/test_mnist_sample.py"; $(PYTHON) data/test_mnist_sample.py; \
	else \
		echo "skipped: data/test_mnist_sample.py needs Python"; \
	fi
	@if $(PYTHON) -c 'import numpy' 2>/dev/null; then \
		echo "$(PYTHON) data/test_train.py"; $(PYTHON) data/test_train.py; \
	else \
		echo "skipped: data/test_train.py needs Python with numpy"; \
	fi
	@for program in lrs normaliz; do \
		command -v $$program >/dev/null || echo "skipped: the tests of tests/library/polytopes.rs against $$program, which is not installed"; \
	done

near: setup ## the tests next to an edit of the library, in about half a minute once built: unit tests, and the others with 100 new random cases
	PLICA_CASES=100 $(CARGO) test --profile checked $(CARGO_FLAGS) --lib --test library

test-long: setup ## the random tests with many more cases, new each time (CASES=20000)
	PLICA_CASES=$(CASES) $(CARGO) test --profile checked $(CARGO_FLAGS) --test library -- contract degenerate

python: setup ## the Python package in a new virtual environment: tutorial, tests, types; EXTRAS="ray torch" installs those too
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(CARGO) build --profile checked $(CARGO_FLAGS)
	MATURIN_PEP517_ARGS="--profile checked" $(VENV)/bin/pip install --quiet --disable-pip-version-check ./python
	@echo "the package and NumPy alone:"
	cd $(VENV) && bin/python $(CURDIR)/docs/run.py $(CURDIR)/docs/src/tutorial.md
	$(VENV)/bin/pip install --quiet --disable-pip-version-check pytest mypy ruff nbformat
	@for extra in $(EXTRAS); do \
		$(VENV)/bin/pip install --quiet --disable-pip-version-check $$extra || echo "$$extra cannot be installed: its tests are skipped"; \
	done
	cd $(VENV) && PLICA=$(abspath $(TARGET))/checked/plica bin/python -m pytest -q -p no:cacheprovider $(CURDIR)/python/tests
	cd $(VENV) && bin/python -m mypy.stubtest plica._plica --ignore-disjoint-bases
	cd python && $(VENV)/bin/mypy --cache-dir $(VENV)/mypy && $(VENV)/bin/ruff check --no-cache -q && $(VENV)/bin/ruff format --no-cache --check -q

docs: setup ## the book, into target/docs; builds mdbook if it is not installed
	@command -v mdbook >/dev/null || [ -x $(TARGET)/tools/bin/mdbook ] || $(CARGO) install mdbook --locked --version 0.5.4 --root $(TARGET)/tools
	PATH="$$PATH:$(abspath $(TARGET))/tools/bin" mdbook build docs
	@echo "open $(TARGET)/docs/index.html"

onnx: setup ## 1000 random ONNX files, read and written, compared with ONNX Runtime; needs numpy, onnx and onnxruntime
	@$(PYTHON) -c 'import numpy, onnx, onnxruntime' 2>/dev/null || { echo "install numpy, onnx and onnxruntime for $(PYTHON)" >&2; exit 1; }
	$(PYTHON) data/random_onnx.py $(TARGET)/onnx
	PLICA_ONNX_CASES=$(abspath $(TARGET))/onnx $(CARGO) test --profile checked $(CARGO_FLAGS) --test readers random_files -- --nocapture
	$(CARGO) build --profile checked $(CARGO_FLAGS)
	$(PYTHON) data/written_onnx.py $(TARGET)/checked/plica $(TARGET)/onnx cantor:2 random:784-30-10@1 digits:3x20

browser: build ## test the page of plica regions in a real browser; needs Chrome or Chromium and chromedriver
	$(PYTHON) tests/browser/regions.py $(PLICA)

proofs: ## check the Coq development from scratch, and the axioms of its theorems; installs Coq if that needs no password
	@{ command -v coqc && [ -d "$$(coqc -where)/user-contrib/Flocq" ]; } >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { apt-get install -y coq libcoq-flocq || { apt-get update && apt-get install -y coq libcoq-flocq; }; }; } \
		|| { echo "Coq or its library Flocq is missing: install Coq 8.16 or later and Flocq 4, for example apt-get install coq libcoq-flocq" >&2; exit 1; }
	proofs/check.sh

lint: setup ## formatting, clippy, documentation; warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets $(CARGO_FLAGS) -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps $(CARGO_FLAGS)

bench: setup ## every speed in the README: against other tools, of whole sweeps, and of degenerate networks
	$(CARGO) run --release $(CARGO_FLAGS) -p plica-compare
	$(CARGO) run --release $(CARGO_FLAGS) -p plica-compare --bin sweeps
	$(CARGO) run --release $(CARGO_FLAGS) -p plica-compare --bin degenerate
	$(CARGO) run --release $(CARGO_FLAGS) -p plica-compare --bin complexes
	$(CARGO) run --release $(CARGO_FLAGS) -p plica-compare --bin programs
	$(CARGO) run --release $(CARGO_FLAGS) -p plica-compare --bin convolutions
	$(CARGO) run --release $(CARGO_FLAGS) -p plica-compare --bin smooth
	$(CARGO) run --release $(CARGO_FLAGS) -p plica-compare --bin size

bench-python: build ## the time of a sweep from Python, compared with Rust; needs the package in PYTHON's environment
	$(CARGO) build --release $(CARGO_FLAGS) -p plica-compare --bin sweep_times
	$(PYTHON) benches/python/overhead.py $(TARGET)/release/sweep_times

fuzz: setup ## each fuzz target for a short time; needs nightly Rust and cargo-fuzz (FUZZ_SECONDS=60)
	@[ -f fuzz/Cargo.toml ] || { echo "there are no fuzz targets"; exit 0; }; \
	$(CARGO) +nightly fuzz --version >/dev/null 2>&1 \
		|| { echo "skipped: fuzzing needs rustup toolchain install nightly, and cargo install cargo-fuzz"; exit 0; }; \
	for target in $$($(CARGO) +nightly fuzz list); do \
		echo "fuzzing $$target for $(FUZZ_SECONDS) seconds"; \
		$(CARGO) +nightly fuzz run "$$target" -- -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

miri: setup ## the portable path of the vector code under Miri; needs nightly Rust with Miri
	@if $(CARGO) +nightly miri --version >/dev/null 2>&1; then \
		$(CARGO) +nightly miri test --no-default-features $(CARGO_FLAGS) --lib -- $(foreach file,aligned ascending lanes product strips,exact::$(file)::); \
	else \
		echo "skipped: Miri needs rustup toolchain install nightly, and rustup component add miri --toolchain nightly"; \
	fi
