# Everything runs in $(VENV), which is made on first use from a Python that
# works: `make test PYTHON=python3.10` chooses one, else those below are tried.
VENV ?= .venv
PYTHON ?=
CXX ?= g++
# What single targets take: where pictures go, how long each harness runs, and
# arguments of the benchmark.
OUT ?= examples-output
SECONDS ?= 60
BENCH ?=
TESTS ?=
# Processes that run all tests, each with a compile cache of its own.
JOBS ?= 2

BIN = $(VENV)/bin
RUN = $(BIN)/python
READY = $(VENV)/.installed
EXTRA = $(VENV)/.installed-
PIP_INSTALL = $(RUN) -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt
# from a lock: every version and every file by its hash, nothing else
PIP_ALONE = $(RUN) -m pip install --quiet --disable-pip-version-check \
	--no-deps --no-build-isolation
PIP_LOCKED = $(PIP_ALONE) --require-hashes --requirement
VERSION = import sys; print("%d.%d" % sys.version_info[:2])
CANDIDATES = $(or $(PYTHON),python3 python3.13 python3.12 python3.14 python3.15 \
	python3.11 python3.10 python3.9 python3.8 \
	$(sort $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.*/bin/python3)))
# As find_compiler looks for them: g++ alone, but on macOS clang++ first.
COMPILERS = $(if $(filter Darwin,$(shell uname -s)),clang++ g++,g++)
WORKS = import sys; sys.exit(not (3, 8) <= sys.version_info[:2] <= (3, 15))
HEADERS = import os, sysconfig; p = sysconfig.get_paths()["include"]; \
	assert os.path.exists(os.path.join(p, "Python.h")), p

.DEFAULT_GOAL := help

.PHONY: help
help:  ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | \
	while read -r name text; do printf 'make %-14s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: $(READY)  ## show, on a small network, what the wrong way round costs
	$(BIN)/lasagne-flipconv demo

.PHONY: test
test: $(READY)  ## run all tests (JOBS=2 processes; TESTS=... what else pytest is told)
	$(RUN) -m pytest -q $(PARALLEL) $(TESTS)

PARALLEL = $(if $(filter-out 1,$(JOBS)),--numprocesses=$(JOBS) --dist=loadfile)

# The idea, the values on the move and the files; what compiles much is left out
FAST = architecture types kernels conventions layers_api transfer matching load save \
	notes limits guard pickled_files pytorch load_safetensors load_caffe \
	load_onnx readme

.PHONY: test-fast
test-fast: $(READY)  ## run what takes under a minute, while at work
	$(RUN) -m pytest -q $(FAST:%=tests/test_%.py)

.PHONY: test-torch
test-torch: $(EXTRA)compare  ## install PyTorch, run the tests that compare with it
	$(RUN) -m pytest -q tests/test_torch.py tests/test_load_torch.py \
		tests/test_golden.py tests/test_attacks.py tests/test_pytorch_*.py \
		tests/test_leaving_*.py tests/test_distributed_*.py \
		tests/test_engine_switch.py::test_with_pytorch_in_one_process
	$(RUN) -m pytest -q tests/test_mutants.py \
		-k "leave or deviation or alpha or border or axes or ranks or device"
	$(RUN) -m pytest -q -o addopts=--doctest-modules lasagne_flipconv/leaving
	THEANO_FLAGS="$$THEANO_FLAGS,floatX=float32" $(RUN) -m pytest -q \
		-o addopts=--doctest-modules lasagne_flipconv/pytorch

.PHONY: examples
examples: $(READY)  ## run all examples; pictures go to OUT=examples-output
	$(RUN) examples/run_all.py --out "$(OUT)"

.PHONY: doctor
doctor: $(READY)  ## tell whether Theano and Lasagne work and are fast here
	$(BIN)/lasagne-flipconv doctor

.PHONY: safety
safety: $(READY)  ## read every attack file under watch, print what happened
	$(RUN) tests/safety.py

.PHONY: fuzz
fuzz: $(EXTRA)fuzz  ## feed damaged files to each reader for SECONDS=60 each
	$(RUN) tests/fuzz.py $(SECONDS)

.PHONY: soak
soak: $(READY)  ## compare the engine with Theano on 10,000 geometries (1 h)
	$(RUN) tests/soak.py

.PHONY: sanitize
sanitize: $(READY)  ## run tests of the engine under AddressSanitizer
	LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) \
	$$($(CXX) -print-file-name=libstdc++.so)" \
	ASAN_OPTIONS=detect_leaks=0 \
	THEANO_FLAGS=base_compiledir=build/sanitize,gcc.cxxflags=-fsanitize=address \
	$(RUN) -m pytest -q tests/test_engine_conv.py tests/test_engine_pool.py \
		tests/test_engine_norm.py tests/test_engine_kernels.py \
		tests/test_engine_winograd.py tests/test_engine_graph.py \
		tests/test_engine_layouts.py tests/test_engine_not_finite.py \
		tests/test_engine_bfloat16.py

.PHONY: measure-detect
measure-detect: $(READY)  ## count right and wrong answers of detect in 10,000 trials
	$(PIP_INSTALL) scikit-learn
	OMP_NUM_THREADS=1 THEANO_FLAGS=floatX=float32 $(RUN) tests/measure_detect.py

.PHONY: measure-files
measure-files: $(READY)  ## print what loading and saving large files costs
	$(RUN) tests/measure_files.py

.PHONY: measure-readers
measure-readers: $(READY)  ## print time and memory of reading the worst files
	$(RUN) tests/measure_readers.py

.PHONY: measure-memory
measure-memory: $(READY)  ## print how memory grows over calls of many sizes (40 min)
	$(RUN) tests/measure_memory.py

.PHONY: lasagne-suite
lasagne-suite: $(READY)  ## run Lasagne's own tests under install() (LASAGNE_SOURCE=...)
	$(PIP_INSTALL) mock
	$(RUN) -W ignore tests/lasagne_suite.py

.PHONY: theano-suite
theano-suite: $(READY)  ## run Theano's own tests with the engine off and on (2 h)
	$(PIP_INSTALL) parameterized
	$(RUN) -W ignore tests/theano_suite.py

.PHONY: gpu-check
gpu-check: $(EXTRA)compare  ## check the linker on a GPU, under 8 minutes (DEVICE=cuda)
	THEANO_FLAGS="$$THEANO_FLAGS,floatX=float32" $(RUN) -W ignore tests/gpu_check.py

.PHONY: measure-pytorch
measure-pytorch: $(EXTRA)compare  ## train 200 steps on PyTorch and Theano, time the linker (1 h)
	OMP_NUM_THREADS=1 \
	THEANO_FLAGS="$$THEANO_FLAGS,floatX=float32" $(RUN) -W ignore tests/measure_pytorch.py
	THEANO_FLAGS="$$THEANO_FLAGS,floatX=float32" $(RUN) -W ignore -m benchmarks.linker

.PHONY: pytorch-suite
pytorch-suite: $(EXTRA)compare  ## run Theano's own tests through the linker (2 h)
	$(PIP_INSTALL) parameterized
	$(RUN) -W ignore tests/pytorch_suite.py

.PHONY: recipes-zoo
recipes-zoo: $(READY)  ## build and run the models of Lasagne/Recipes (RECIPES_SOURCE=...)
	$(RUN) -W ignore tests/recipes_zoo.py

.PHONY: bench
bench: $(EXTRA)bench  ## measure the speed against other libraries (hours; BENCH=--quick: minutes)
	$(RUN) -m benchmarks.run $(BENCH)

.PHONY: lint
lint: $(EXTRA)lint  ## check the style with ruff, the types with mypy
	$(RUN) -m ruff check .
	$(RUN) -m mypy

.PHONY: docstrings
docstrings: $(EXTRA)lint  ## check the docstrings of the public names
	$(RUN) tests/check_docstrings.py

.PHONY: docs
docs: $(EXTRA)docs  ## build the documentation in docs/_build/html
	rm -rf docs/generated docs/_build
	$(RUN) -m sphinx -W --keep-going -n -q -b html docs docs/_build/html
	$(RUN) docs/check_links.py docs/_build/html

.PHONY: dist
dist: $(EXTRA)lint  ## build wheel and sdist in dist/, and check them
	rm -rf dist build
	$(RUN) -m build --outdir dist .
	$(RUN) -m twine check --strict dist/*

.PHONY: install
install: $(READY)  ## only make the environment in VENV=.venv

.PHONY: lock
lock: $(READY)  ## make the locks of locks/ anew, with today's versions
	$(PIP_INSTALL) uv packaging
	$(RUN) locks/make_locks.py

.PHONY: clean
clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) build dist docs/_build docs/generated examples-output
	rm -rf .pytest_cache .hypothesis .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml $(wildcard locks/*.txt) | $(RUN)
	@$(RUN) -c '$(WORKS)' && $(RUN) -m pip --version >/dev/null || { \
	echo "make: $(VENV) is there, but has no pip or not a Python 3.8 to 3.15."; \
	echo "Remove it with 'make clean', then call make again."; exit 1; } >&2
	@echo "Installing into $(VENV); this takes minutes ..."
	$(PIP_LOCKED) locks/build.txt
	$(PIP_LOCKED) locks/python`$(RUN) -c '$(VERSION)'`.txt
	$(PIP_ALONE) --editable .
	$(BIN)/lasagne-flipconv theano
	@touch $@

$(EXTRA)%: $(READY)
	$(PIP_INSTALL) --editable ".[$*]"
	@touch $@

# A name on PATH may be a stub that only fails, so each candidate is run.
# The compiler and Python.h are looked for before anything is installed.
$(RUN):
	@case "$$THEANO_FLAGS" in *cxx=*) exit 0;; esac; \
	for compiler in $(COMPILERS); do \
		command -v $$compiler >/dev/null && exit 0; \
	done; { \
	echo "make: no C++ compiler that Theano looks for: $(COMPILERS)."; \
	echo "Get one with 'sudo apt-get install g++', 'sudo dnf install gcc-c++',"; \
	echo "'xcode-select --install' or 'conda install -c conda-forge cxx-compiler';"; \
	echo "or name another: export THEANO_FLAGS=cxx=<path>."; \
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
			echo "with 'uv venv --seed --python 3.13 $(VENV)', then call make again."; \
			exit 1; } >&2; \
		exit 0; \
	done; \
	{ echo "make: none of these is a Python that works: $(CANDIDATES)."; \
	echo "Theano 1.0.5 works on Python 3.8 to 3.15 with its headers. Get one with"; \
	echo "'uv python install 3.13', 'pyenv install 3.13' or"; \
	echo "'conda create -n lasagne python=3.13', and name it: make PYTHON=<path>"; \
	} >&2; exit 1
