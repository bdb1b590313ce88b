# Everything here needs only Python 3.11+, git and make. PYTHON names another interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install serve test check bench lock clean

## install: set up .venv with everything pinned in requirements.lock
install: $(STAMP)

## serve: start the HTTP server on the default database (http://127.0.0.1:8000/mcp)
serve: $(STAMP)
	$(BIN)/planet-mcp serve --http

## test: run the tests; the branch coverage (of this process alone) must not fall
test: $(STAMP)
	$(BIN)/python -m pytest --cov --cov-report=term --cov-fail-under=89

## check: run all that CI runs
check:
	.ci/run

## bench: measure and print the figures of benchmarks/README.md
bench: $(STAMP)
	$(BIN)/python -m benchmarks.run

## lock: pin the newest dependencies that pyproject.toml allows (needs uv)
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	  --group dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .bench dist

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)
