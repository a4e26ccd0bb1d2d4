# Two commands are enough: `make demo` and `make test`. Both make their environment first.
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# HASHES=yes installs only files whose hashes are written down. Without, pip may choose a build of torch by itself.
BY_HASH   := $(PIP) --require-hashes --no-deps
CPU_BUILD := $(BIN)/python -c 'from importlib.metadata import version; exit("+" not in version("torch"))'
PYTHON ?= $(shell command -v python3.11 || command -v python3)

# Nothing is compiled when it is installed: each module is at its first import, for all that come after.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo down test test-long test-faults lint check help hashes sbom bench-quality bench-interests bench-night

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## / - /'

demo: preflight $(READY) ## run real nights on a real year of shopping, on this machine
	@$(BIN)/lsif demo

down: ## stop what `make demo` or `lsif up` started, and nothing else
	@if [ -x $(BIN)/lsif ]; then $(BIN)/lsif down; fi

test: lint ## lint, import rules and all tests; types are one of them
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder

test-long: preflight $(READY) ## what takes minutes each: two worlds that end alike, and the whole of docker-compose.yaml where a Docker engine answers
	@$(BIN)/python -m pytest -m long --timeout 2400

test-faults: preflight $(READY) ## processes killed at every place, full disks, services away, files that lie: counts at the end, within the hour
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/faults -m "long or not long" --timeout 2400 --numprocesses 2 --no-loadscope-reorder

bench-quality: preflight $(READY) ## LSIF beside its peers: LOG=all STAGE=validation SEEDS=5 (STAGE=test once) ABLATION=yes FRESHNESS=yes CHANGE=training.examples=9000 BEFORE=another-version/.bench, or SOURCE=my.toml CUTS=day,day FROM=day TO=day
	@$(BIN)/python -m benchmarks.quality $(if $(LOG),--log $(LOG)) $(if $(STAGE),--stage $(STAGE)) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(PEERS),--peers $(PEERS)) $(if $(ABLATION),--ablation) $(foreach one,$(CHANGE),--change $(one)) $(if $(FRESHNESS),--freshness) $(if $(BEFORE),--before $(BEFORE)) $(if $(SOURCE),--source $(SOURCE) --cuts $(CUTS) --from $(FROM) --to $(TO))

bench-interests: preflight $(READY) ## nights and histories beside the same by hand in PySpark, DuckDB, Polars: SCALE=1 CURVE=0.25
	@$(BIN)/python -m benchmarks.interests $(if $(SCALE),--scale $(SCALE)) $(if $(CURVE),--curve-scale $(CURVE))
	@$(BIN)/python -m benchmarks.interests.skew $(if $(SCALE),--scale $(SCALE))

bench-night: preflight $(READY) ## nights and trainings at 5,000 to 1,000,000 users: USERS=5000,50000 ITEMS=50000 TRAINING=no RULES=yes ONE_LIST=yes (with RecTools beside it) RESUME=yes
	@$(BIN)/python -m benchmarks.nights $(if $(USERS),--users $(USERS)) $(if $(ITEMS),--items $(ITEMS)) \
		$(if $(filter no,$(TRAINING)),--no-training) $(if $(RULES),--rules) $(if $(ONE_LIST),--one-list) $(if $(RESUME),--resume)

lint: preflight $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

check: lint ## lint, types, import rules and what bandit finds
	@$(BIN)/mypy lsif jobs dags
	@$(BIN)/bandit --quiet --configfile pyproject.toml --severity-level medium --recursive lsif jobs dags docker

hashes: ## write the hashes of requirements.lock and docker/requirements-fab.in anew; wants uv
	@rm -f requirements.hashes
	@uv pip compile requirements.lock $(AS_HASHES) --output-file requirements.hashes
	@sed -i -e '1i # The files that requirements.lock names, by their hashes: `make hashes` makes it, `make HASHES=yes` installs from it.' -e 's/^torch==.* \\$$/&\n    --hash=sha256:$(X86_64_CPU) \\\n    --hash=sha256:$(AARCH64_CPU) \\/' requirements.hashes
	@rm -f docker/requirements-fab.lock
	@uv pip compile docker/requirements-fab.in $(AS_HASHES) --output-file docker/requirements-fab.lock
	@sed -i -e '1i # The files that docker/requirements-fab.in names, by their hashes: `make hashes` makes it.' docker/requirements-fab.lock

AS_HASHES := --quiet --generate-hashes --no-deps --no-annotate --no-header --python-version 3.11
# torch 2.13.0+cpu of PyTorch's own index, for CPython 3.11 on Linux: x86_64, aarch64. PyPI lists them nowhere.
X86_64_CPU  := 6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
AARCH64_CPU := 84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7

sbom: preflight $(READY) ## a bill of materials of the environment, CycloneDX 1.6: sbom.json
	@$(BIN)/cyclonedx-py environment --output-reproducible --of JSON --output-file sbom.json $(BIN)/python

.PHONY: preflight
preflight:
	@$(PYTHON) lsif/preflight.py

$(READY): requirements.lock pyproject.toml
	@echo "Installing the pinned environment into $(VENV) (some minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(if $(HASHES),$(BY_HASH) --requirement requirements.hashes,$(PIP) --requirement requirements.lock)
	@$(if $(HASHES),$(CPU_BUILD) || $(BY_HASH) --requirement requirements-cuda.hashes)
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m lsif.make_spark_archive || echo "no archive of Spark's classes: jobs work, and start slower"
	@touch $(READY)
