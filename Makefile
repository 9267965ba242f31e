# Everything runs in .venv, which the first call makes. `make help` lists the targets. Any make can read it, not only GNU make.

PYTHON_HERE = sh tools/python.sh
NOTEBOOKS ?=
LESSON ?=
OUT ?=
SUBMITTED ?=
JOBS ?=
EVERY ?= 1
LAB_OPTIONS ?=
TEST_OPTIONS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: help lab test exercises notebooks pages guide slides handouts site lite wheel class hub lint bench mutants grade insights feedback lock clean

lab: ## open your copy of the course in JupyterLab (LESSON=07 opens that one, PORT=8899)
	@$(PYTHON_HERE) -m gradlib lab $(LAB_OPTIONS)

test: ## run all tests: the library, its examples, the checks, the widgets, the notebooks
	@$(PYTHON_HERE) -m pytest -n auto --maxprocesses 4 --dist loadfile --ignore tests/browser --ignore tests/parity \
		--ignore tests/class --ignore tests/hub --ignore tests/install --ignore tests/mpi --ignore tests/site --ignore tests/wheel \
		--leave-out-unchanged $(TEST_OPTIONS)

exercises: ## make exercises/ from solutions/
	@$(PYTHON_HERE) tools/exercises.py

notebooks: ## run and normalise the notebooks (NOTEBOOKS=notebooks/01_slopes.ipynb runs one)
	@$(PYTHON_HERE) tools/notebooks.py $(NOTEBOOKS)

pages: ## make the contents, the glossary, the formula sheet and the README's picture
	@$(PYTHON_HERE) tools/pages.py
	@$(PYTHON_HERE) tools/walkthrough_picture.py

guide: ## make the teacher's guide, class/GUIDE.md, from class/guide, the lessons and the checks
	@$(PYTHON_HERE) tools/guide.py

slides: ## make slides of the lessons in build/slides (needs npm, once)
	@$(PYTHON_HERE) tools/make_slides.py $(NOTEBOOKS)

handouts: ## make a page of each lesson to print, in build/handouts
	@$(PYTHON_HERE) tools/handouts.py $(NOTEBOOKS)

site: ## make the pages of the course for any web host, in build/site
	@$(PYTHON_HERE) tools/make_site.py

lite: ## build the course for the browser, in build/site/lite (needs npm and Pyodide)
	@$(PYTHON_HERE) tools/lite.py

wheel: ## make dist/gradlib-….whl, which opens the course by `gradlib lab`
	@$(PYTHON_HERE) -m pip wheel --quiet --no-deps --wheel-dir dist .

class: ## make or update a repository for learners, without solutions (OUT=../our-class)
	@$(PYTHON_HERE) tools/classroom.py "$(OUT)"

hub: ## serve the course to a class with JupyterHub (LEARNERS=names.txt, PORT=8000)
	@$(PYTHON_HERE) class/hub/serve.py

lint: ## look for mistakes in the code without running it
	@$(PYTHON_HERE) -m ruff check
	@$(PYTHON_HERE) -m ruff format --check

mutants: ## try the checks on changed right answers (LESSON=03, JOBS=2, EVERY=10 for a sample)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PYTHON_HERE) -m tests.checks.mutants $(LESSON) --jobs=$(JOBS) --every=$(EVERY)

grade: ## grade a class (LESSON=04 SUBMITTED=folder, JOBS=2)
	@$(PYTHON_HERE) -m gradlib.grading "$(LESSON)" "$(SUBMITTED)" --jobs="$(JOBS)"

insights: ## count the mistakes of a graded class (LESSON=04 SUBMITTED=folder, NAMES=1)
	@$(PYTHON_HERE) -m gradlib.grading.insights "$(LESSON)" "$(SUBMITTED)"

feedback: ## write a page for each learner of a graded class (LESSON=04 SUBMITTED=folder)
	@$(PYTHON_HERE) class/feedback.py "$(LESSON)" "$(SUBMITTED)"

bench: ## measure the library's speed
	@$(PYTHON_HERE) benchmarks/bench.py

lock: ## renew requirements.lock (needs uv)
	@uv pip compile --quiet --upgrade --universal --fork-strategy fewest --python-version 3.11 \
		--no-header --no-annotate --extra course --extra test pyproject.toml -o requirements.lock

clean: ## remove the environment and all caches
	@rm -rf .venv build .pytest_cache .ruff_cache .hypothesis
	@find . -path ./course -prune -o -name __pycache__ -prune -exec rm -rf {} + -o -name .ipynb_checkpoints -prune -exec rm -rf {} +
