# Short names for `python tasks.py TASK`; without make (Windows), call that directly. Data goes to BIHUB_HOME (./data).
# Options of a task: make bench ARGS="--large --write-readme", make torture ARGS="--kills 40".
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)

.PHONY: help setup run test lint gates contracts dev bench torture clean
help setup run test lint gates contracts dev bench torture clean:
	@$(PYTHON) tasks.py $@ $(ARGS)
.DEFAULT_GOAL := help
