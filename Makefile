# The commands of the README. Python 3.11 or newer, git and make are all they need.
PYTHON ?= python3
BIN = .venv/bin
LOCK = requirements.lock

.PHONY: demo run migrate test check bench catalogues format clean

demo: .venv/ready
	@exec $(BIN)/passerelle demo

run: .venv/ready
	@exec $(BIN)/passerelle serve --with-worker

migrate: .venv/ready
	@$(BIN)/passerelle migrate

# A file stays in one process: its browser, its server or its image is made once. In the order of the folders, for the
# longest of them, the walk through all pages, must not come last.
test: .venv/ready
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.catalogues

bench: .venv/ready
	@$(BIN)/python -m tests.bench $(ARGS)

catalogues: .venv/ready
	$(BIN)/python -m tests.catalogues --write

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build *.egg-info

# Everything that the lock names, with its hashes; by uv where there is one (faster), by pip otherwise.
.venv/ready: $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (set PYTHON=)."; exit 1; }
	@echo "Setting up .venv (once)..."
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --clear --python $(PYTHON) .venv && \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r $(LOCK) && \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
		$(PYTHON) -m venv --clear .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@
