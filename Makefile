# Set-up needs Python 3.11 or later and make; everything else is installed into .venv.
.DELETE_ON_ERROR:
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

.PHONY: report test lab check truth bench lock data clean help

help:  ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 10

report: $(READY)  ## render the reports of both synthetic studies into reports/_site
	@$(RUN) -m evalkit report synthetic-se synthetic-fi $(ARGS)

test: $(READY)  ## run the tests
	@$(RUN) -m compileall -q src  # hundreds of processes import it, and Python may not be free to keep what it compiles
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

lab: $(READY)  ## open JupyterLab on the notebooks
	@$(RUN) -m jupyterlab notebooks

check: $(READY)  ## format, lint, architecture, notebooks
	@$(RUN) -m ruff format --check src tests benchmarks
	@$(RUN) -m ruff check src tests benchmarks
	@$(RUN) -m pytest tests/test_architecture.py tests/notebooks/test_lint.py

truth: $(READY)  ## the long simulations
	@$(RUN) -m pytest -n 2 -m slow $(ARGS)

bench: $(READY)  ## timings beside peers, see benchmarks/
	@for script in benchmarks/*/*.py; do $(RUN) "$$script"; done

data: $(READY)  ## make the synthetic studies anew; changes nothing unless the generator changed
	@$(RUN) -m evalkit synthesise --country SE data/synthetic/SE
	@$(RUN) -m evalkit synthesise --country FI data/synthetic/FI

lock: $(READY)  ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra dev --extra examples --universal --generate-hashes \
	  --no-emit-index-url --no-header --python-version 3.11 --output-file requirements.lock

clean:  ## remove what was made; keeps .venv
	rm -rf reports/_site reports/_site.work reports/_preview build dist .pytest_cache .ruff_cache .hypothesis

# One download, then nothing until the lock or the project file changes.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "evalkit needs Python 3.11 or later")'
	@echo "Setting up .venv (the first time takes some minutes) ..."
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements.lock
	@$(RUN) -m compileall -qq -j 0 $(VENV)/lib || true  # pip would take one processor; some files are templates
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@
