# Everything runs in .venv, which the first call makes. `make help` lists the targets.

# Notebooks use the environment's own kernel, whatever other kernels the machine has.
export JUPYTER_PREFER_ENV_PATH = 1
unexport JUPYTER_PATH
# With bytecode on disk a kernel starts in 1.7 s, without it in 4.1 s.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PYTHON_HERE := $(VENV)/bin/python
READY := $(VENV)/.installed
NOTEBOOKS ?=
LAB_OPTIONS ?=
TEST_OPTIONS ?=

.DEFAULT_GOAL := help
.PHONY: help lab test exercises notebooks pages slides lint bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml requirements.lock
	@sh tools/setup.sh

lab: $(READY) ## open JupyterLab at lesson 00 (PORT=8899 asks for a port)
	@$(PYTHON_HERE) tools/start_lab.py $(LAB_OPTIONS)

test: $(READY) ## run all tests: the library, its examples, the checks, the widgets, the notebooks
	@$(PYTHON_HERE) -m pytest -n auto --maxprocesses 4 --dist loadfile --ignore tests/browser --ignore tests/parity \
		--ignore tests/class $(TEST_OPTIONS)

exercises: $(READY) ## make exercises/ from solutions/
	@$(PYTHON_HERE) tools/exercises.py

notebooks: $(READY) ## run and normalise the notebooks (NOTEBOOKS=notebooks/01_slopes.ipynb runs one)
	@$(PYTHON_HERE) tools/notebooks.py $(NOTEBOOKS)

pages: $(READY) ## make the contents, the glossary and the formula sheet from the lessons
	@$(PYTHON_HERE) tools/pages.py

slides: $(READY) ## make slides of the lessons in build/slides (needs npm, once)
	@$(PYTHON_HERE) tools/make_slides.py $(NOTEBOOKS)

lint: $(READY) ## look for mistakes in the code without running it
	@$(PYTHON_HERE) -m ruff check
	@$(PYTHON_HERE) -m ruff format --check

bench: $(READY) ## measure the library's speed
	@$(PYTHON_HERE) benchmarks/bench.py

lock: ## renew requirements.lock (needs uv)
	@uv pip compile --quiet --upgrade --universal --fork-strategy fewest --python-version 3.11 \
		--no-header --no-annotate --extra course --extra test pyproject.toml -o requirements.lock

clean: ## remove the environment and all caches
	@rm -rf $(VENV) build .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} + -o -name .ipynb_checkpoints -prune -exec rm -rf {} +
