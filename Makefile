# Every target sets up what it needs; nothing else has to be done first.

.PHONY: study table evidence test test-long faults lint check docs audit setup clean
SHELL := /bin/sh

# Networks that inspect TLS have their certificate in the system's store, where pip looks by itself.
export UV_SYSTEM_CERTS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without compiled bytecode every process compiles what it imports: 2 s for torch alone.
unexport PYTHONDONTWRITEBYTECODE

# The first of these that runs and is 3.11 or 3.12 (a version manager's shim may exist and not run).
FIND_PYTHON = for p in $(PYTHON) python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo "$$p" && break; done

study: setup
	.venv/bin/fashion-wb study $(ARGS)

# The trainings behind docs/protocol.md: hours on 2 cores; the same command goes on after an interruption.
table: setup
	.venv/bin/fashion-wb study benchmarks/table.yaml --methods grid --trials 182 --replicates 20 --retrain-seeds 0 --out table $(ARGS)

# The deciding study of docs/protocol.md, but for `make table`: many hours on 2 cores, resumable too.
STUDY := .venv/bin/fashion-wb study
evidence: setup
	$(STUDY) --methods random,bayes,hyperband,hyperopt,optuna,optuna-gp --replicates 10 --trials 20 --out evidence/real
	$(STUDY) --methods hyperband --replicates 10 --budget-steps 200 --out evidence/epochs
	$(STUDY) benchmarks/second.yaml --methods random,bayes,optuna,optuna-gp --replicates 8 --trials 20 --epochs 5 --out evidence/second
	$(STUDY) benchmarks/second.yaml --methods hyperband --replicates 8 --budget-steps 100 --epochs 5 --out evidence/second-epochs
	.venv/bin/python benchmarks/deciding.py replay
	.venv/bin/python benchmarks/deciding.py collect
	.venv/bin/python benchmarks/deciding.py write

TEST := OMP_NUM_THREADS=1 .venv/bin/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

test: .venv/.dev
	$(TEST) -m "not long" $(ARGS)

# Minutes of faults, of W&B's own agent and of every command in docs/. CI runs them after the others.
test-long: .venv/.dev
	$(TEST) -m long $(ARGS)

# Every fault of docs/reliability.md, made for real, half an hour at most; then writes what was seen into it.
faults: .venv/.dev
	@status=0; $(TEST) --numprocesses 2 --full --fault-seed 0 --fault-results faults.json --ignore tests/faults/test_table.py \
		tests/faults $(ARGS) || status=$$?; \
	PYTHONPATH=tests/standin:tests/slurm:benchmarks .venv/bin/python tests/support/fault_table.py faults.json docs/reliability.md; \
	exit $$status

lint: .venv/.dev
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --quiet --check .
	.venv/bin/mypy

# The inner loop, under a minute: everything that starts no process.
check: lint
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest --no-processes --numprocesses 2 --dist loadfile --quiet $(ARGS)

# The documentation site, into site/; without network.
docs: .venv/.dev
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet
	@echo "Built site/index.html"

# Known vulnerabilities of the pinned packages, in an environment of its own; needs the network.
audit:
	@set -e; folder="$$(mktemp -d)"; trap 'rm -rf "$$folder"' EXIT; python="$$($(FIND_PYTHON))"; \
	"$$python" -m venv "$$folder"; "$$folder/bin/python" -m pip install --quiet pip-audit==2.10.1; \
	"$$folder/bin/pip-audit" --no-deps --disable-pip --strict --requirement constraints.txt

setup: .venv/.ready

# uv rather than pip alone: torch's 5 GB take it 20 s instead of 80. Where uv is not installed, pip puts it
# into the environment. constraints.txt pins every package, so that two installs are the same.
.venv/.ready: pyproject.toml constraints.txt
	@set -e; python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ] && ! command -v uv >/dev/null; then \
		echo "make: needs Python 3.11 or 3.12; name one with make PYTHON=/path/to/python" >&2; exit 1; fi; \
	if [ -n "$$python" ]; then \
		echo "Setting up .venv with $$($$python --version) (a few GB on Linux, once)"; \
		"$$python" -m venv .venv; \
	else uv venv --python 3.12 .venv; fi; \
	if command -v uv >/dev/null; then uv=uv; else .venv/bin/python -m pip install --quiet --constraint constraints.txt uv; uv=.venv/bin/uv; fi; \
	"$$uv" pip install --quiet --python .venv/bin/python --constraint constraints.txt --editable .
	@touch $@

.venv/.dev: .venv/.ready
	@if command -v uv >/dev/null; then uv=uv; else uv=.venv/bin/uv; fi; \
	"$$uv" pip install --quiet --python .venv/bin/python --constraint constraints.txt --editable '.[test,docs]'
	@echo "Compiling what the tests import, and the CNN (once)"
	@.venv/bin/python -c "import analysis.outputs, analysis.wandb_report.report, hyperopt, optuna, playwright.sync_api, torch; \
	from fashion_wb.cnn.backend import warm_up; warm_up(torch.device('cpu'))"
	@touch $@

# Ray Tune, which some of benchmarks/ compare with. An environment of its own: it asks for numpy 2.
.venv-ray/.ready: benchmarks/ray-requirements.txt .venv/.ready
	@if command -v uv >/dev/null; then uv=uv; else uv=.venv/bin/uv; fi; \
	"$$uv" venv --quiet --allow-existing --python .venv/bin/python .venv-ray; \
	"$$uv" pip install --quiet --python .venv-ray/bin/python --requirement benchmarks/ray-requirements.txt
	@touch $@

clean:
	rm -rf .venv .venv-ray
