SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench build

help: ## Says what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 10

setup: ## Gets the tools that check, test and build need (into .tools, and Debian's Chromium); quick when they are there
	@scripts/setup

run: ## Runs the drill: attacks on a simulated org, found and ended; prints where the report is
	@scripts/run

test: check ## Checks, then runs every test: what CI runs
	cargo test --locked --workspace

check: setup ## Formatting, lints, and the rules for dependencies
	@scripts/check

bench: ## Runs the benchmarks
	cargo bench --locked -p session-warden --bench judging --bench reading

build: setup ## Builds the three Lambda functions for arm64, ready to upload, below target/lambda
	@scripts/build
