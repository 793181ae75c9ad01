# Everything runs in $(VENV), which is made on first use from a Python that
# works: `make test PYTHON=python3.10` chooses one, else those below are tried.
VENV ?= .venv
PYTHON ?=
CXX ?= g++

BIN = $(VENV)/bin
RUN = $(BIN)/python
READY = $(VENV)/.installed
LINT = $(VENV)/.lint-installed
PIP_INSTALL = $(RUN) -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt
CANDIDATES = $(or $(PYTHON),python3 python3.11 python3.10 python3.9 python3.8 \
	$(sort $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.*/bin/python3)))
WORKS = import sys; sys.exit(not (3, 8) <= sys.version_info[:2] <= (3, 11))
HEADERS = import os, sysconfig; p = sysconfig.get_paths()["include"]; \
	assert os.path.exists(os.path.join(p, "Python.h")), p

.PHONY: help demo test soak sanitize lint docstrings dist doctor install clean
.DEFAULT_GOAL := help

help:
	@echo "make demo        show, on a small network, what the wrong way round costs"
	@echo "make test        run all tests"
	@echo "make soak        compare the engine with Theano on 10,000 geometries (1 h)"
	@echo "make sanitize    run tests of the engine under AddressSanitizer"
	@echo "make doctor      tell whether Theano and Lasagne work and are fast here"
	@echo "make lint        check the style with ruff"
	@echo "make docstrings  check the docstrings of the public names"
	@echo "make dist        build wheel and sdist in dist/"
	@echo "make install     only make $(VENV) and install into it"
	@echo "make clean       remove $(VENV) and everything that was built"

demo: $(READY)
	$(BIN)/lasagne-flipconv demo

test: $(READY)
	$(RUN) -m pytest -q

soak: $(READY)
	$(RUN) tests/soak.py

sanitize: $(READY)
	LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) \
	$$($(CXX) -print-file-name=libstdc++.so)" \
	ASAN_OPTIONS=detect_leaks=0 \
	THEANO_FLAGS=base_compiledir=build/sanitize,gcc.cxxflags=-fsanitize=address \
	$(RUN) -m pytest -q tests/test_engine_conv.py tests/test_engine_pool.py

doctor: $(READY)
	$(BIN)/lasagne-flipconv doctor

lint: $(LINT)
	$(RUN) -m ruff check .

docstrings: $(LINT)
	$(RUN) tests/check_docstrings.py

dist: $(LINT)
	rm -rf dist build
	$(RUN) -m build --outdir dist .

install: $(READY)

clean:
	rm -rf $(VENV) build dist .pytest_cache .hypothesis .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): setup.py constraints.txt | $(RUN)
	@$(RUN) -c '$(WORKS)' && $(RUN) -m pip --version >/dev/null || { \
	echo "make: $(VENV) is there, but has no pip or not a Python 3.8 to 3.11."; \
	echo "Remove it with 'make clean', then call make again."; exit 1; } >&2
	@echo "Installing into $(VENV); Theano is built from source, this takes minutes ..."
	$(PIP_INSTALL) --editable ".[test]"
	@touch $@

$(LINT): $(READY)
	$(PIP_INSTALL) --editable ".[lint]"
	@touch $@

# A name on PATH may be a stub that only fails, so each candidate is run.
# The compiler and Python.h are looked for before anything is installed.
$(RUN):
	@command -v $(CXX) >/dev/null || command -v clang++ >/dev/null || { \
	echo "make: no C++ compiler: '$(CXX)' is not there, and Theano compiles with it."; \
	echo "Get one with 'sudo apt-get install g++', 'sudo dnf install gcc-c++',"; \
	echo "'xcode-select --install' or 'conda install -c conda-forge cxx-compiler'."; \
	exit 1; } >&2
	@for python in $(CANDIDATES); do \
		$$python -c '$(WORKS)' >/dev/null 2>&1 || continue; \
		$$python -c '$(HEADERS)' 2>/dev/null || { \
			echo "make: $$python has no Python.h, which Theano needs; trying others." >&2; \
			continue; }; \
		echo "Making $(VENV) with $$python, $$($$python --version 2>&1)"; \
		$$python -m venv $(VENV) || { rm -rf $(VENV); \
			echo "make: '$$python -m venv' does not work."; \
			echo "Get it with 'sudo apt-get install python3-venv', or make the folder"; \
			echo "with 'uv venv --seed --python 3.11 $(VENV)', then call make again."; \
			exit 1; } >&2; \
		exit 0; \
	done; \
	{ echo "make: none of these is a Python that works: $(CANDIDATES)."; \
	echo "Theano 1.0.5 works on Python 3.8 to 3.11 with its headers. Get one with"; \
	echo "'uv python install 3.11', 'pyenv install 3.11' or"; \
	echo "'conda create -n lasagne python=3.11', and name it: make PYTHON=<path>"; \
	} >&2; exit 1
