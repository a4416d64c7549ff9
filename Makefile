# `make demo` shows the whole of Careloom on a made-up authority; `make test` passes the quick suite.
# Each sets up what it needs the first time, in .venv, and only again when a lock file changes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := demo
KERNEL := hatch_build.py src/careloom/stats/latent_class/model/kernel.c

.PHONY: demo test check format map calibration lock clean help

help:
	@echo "make demo    a made-up authority, from its returns to a report"
	@echo "make test    the quick tests"
	@echo "make check   style, types and the architecture"
	@echo "make map     renew MAP.md and docs/catalogue.md (some seconds: a tiny study is run)"
	@echo "make calibration    renew docs/calibration.md (a minute)"
	@echo "make lock    renew the lock files (needs uv)"

demo: $(VENV)/.core
	@$(BIN)/careloom synth --out $(DEMO)
	@$(BIN)/careloom run $(DEMO)/study.toml

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q --numprocesses auto --dist loadfile

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

map: $(VENV)/.dev
	$(BIN)/python docs/make_map.py

calibration: $(VENV)/.dev
	$(BIN)/python docs/make_calibration.py

lock:
	sh requirements/lock.sh

clean:
	rm -rf $(VENV) $(DEMO)

# A stamp is newer than the lock and the C source it was made from; a change of either makes it anew.
$(VENV)/.%: requirements/%.lock pyproject.toml $(KERNEL)
	@sh requirements/install.sh $(PYTHON) $(VENV) $<
	@touch $@
