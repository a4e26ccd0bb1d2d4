# Two commands are enough: `make demo` and `make test`. Both make their environment first.
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
PYTHON ?= $(shell command -v python3.11 || command -v python3)

.PHONY: demo down test test-long test-faults lint check help bench-quality bench-interests bench-night

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## / - /'

demo: preflight $(READY) ## run real nights on a real year of shopping, on this machine
	@$(BIN)/lsif demo

down: ## stop what `make demo` or `lsif up` started, and nothing else
	@if [ -x $(BIN)/lsif ]; then $(BIN)/lsif down; fi

test: lint ## lint, import rules and all tests; types are one of them
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder

test-long: preflight $(READY) ## what takes minutes each: two worlds that end alike, and the whole of docker-compose.yaml where a Docker engine answers
	@$(BIN)/python -m pytest -m long

test-faults: preflight $(READY) ## processes killed at every place, full disks, services away, files that lie: counts at the end, within the hour
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/faults -m "long or not long"

bench-quality: preflight $(READY) ## LSIF beside its peers: LOG=all STAGE=validation SEEDS=5 (STAGE=test once) ABLATION=yes FRESHNESS=yes CHANGE=training.examples=9000, or SOURCE=my.toml CUTS=day,day FROM=day TO=day
	@$(BIN)/python -m benchmarks.quality $(if $(LOG),--log $(LOG)) $(if $(STAGE),--stage $(STAGE)) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(PEERS),--peers $(PEERS)) $(if $(ABLATION),--ablation) $(foreach one,$(CHANGE),--change $(one)) $(if $(FRESHNESS),--freshness) $(if $(SOURCE),--source $(SOURCE) --cuts $(CUTS) --from $(FROM) --to $(TO))

bench-interests: preflight $(READY) ## nights and histories beside the same by hand in PySpark, DuckDB, Polars: SCALE=1 CURVE=0.25
	@$(BIN)/python -m benchmarks.interests $(if $(SCALE),--scale $(SCALE)) $(if $(CURVE),--curve-scale $(CURVE))
	@$(BIN)/python -m benchmarks.interests.skew $(if $(SCALE),--scale $(SCALE))

bench-night: preflight $(READY) ## nights and trainings at 5,000 to 1,000,000 users: USERS=5000,50000 ITEMS=50000 TRAINING=no RULES=yes ONE_LIST=yes (with RecTools beside it)
	@$(BIN)/python -m benchmarks.nights $(if $(USERS),--users $(USERS)) $(if $(ITEMS),--items $(ITEMS)) \
		$(if $(filter no,$(TRAINING)),--no-training) $(if $(RULES),--rules) $(if $(ONE_LIST),--one-list)

lint: preflight $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

check: lint ## lint, types and import rules
	@$(BIN)/mypy lsif jobs dags

.PHONY: preflight
preflight:
	@$(PYTHON) lsif/preflight.py

$(READY): requirements.lock pyproject.toml
	@echo "Installing the pinned environment into $(VENV) (some minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -m lsif.make_spark_archive || echo "no archive of Spark's classes: jobs work, and start slower"
	@touch $(READY)
