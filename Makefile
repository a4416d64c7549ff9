# `make demo` shows the whole of Careloom on a made-up authority; `make test` passes the quick suite.
# Each sets up what it needs the first time, in .venv, and only again when a lock file changes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := demo
KERNEL := hatch_build.py src/careloom/stats/latent_class/model/kernel.c

.PHONY: demo test check format map calibration docs sbom audit lock clean help

help:
	@echo "make demo    a made-up authority, from its returns to a report"
	@echo "make test    the quick tests"
	@echo "make check   style, types and the architecture; known weaknesses of what Careloom needs, if a service answers"
	@echo "make map     renew MAP.md, docs/catalogue.md and docs/engines.md (a minute: a tiny study is run)"
	@echo "make calibration    renew docs/calibration.md (a minute)"
	@echo "make docs    the documentation as a site, dist/docs/index.html (a minute or two)"
	@echo "make sbom    what Careloom is made of, dist/sbom.cdx.json"
	@echo "make audit   look up known weaknesses in what Careloom needs (needs the internet)"
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
	@sh requirements/audit.sh $(PYTHON) $(VENV)-audit if-answered

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

map: $(VENV)/.dev
	$(BIN)/python docs/make_map.py
	$(BIN)/python docs/make_engines.py

calibration: $(VENV)/.dev
	$(BIN)/python docs/make_calibration.py

docs: $(VENV)/.dev
	$(BIN)/python docs/make_site.py

sbom:
	$(PYTHON) requirements/make_sbom.py

audit: # in an environment of its own; it asks a service on the internet
	@sh requirements/audit.sh $(PYTHON) $(VENV)-audit

lock:
	sh requirements/lock.sh

clean:
	rm -rf $(VENV) $(VENV)-audit $(VENV)-acro $(DEMO)

# A stamp is newer than the lock and the C source it was made from; a change of either makes it anew.
$(VENV)/.%: requirements/%.lock pyproject.toml $(KERNEL)
	@sh requirements/install.sh $(PYTHON) $(VENV) $<
	@touch $@
