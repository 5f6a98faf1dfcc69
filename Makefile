SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup run packs test test-aws test-long fuzz check infra-check bench bench-quality build deploy

help: ## Says what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 15

setup: ## Gets the tools that check, test and build need (into .tools, and Debian's Chromium); quick when they are there
	@scripts/setup

run: ## Runs the drill: attacks on a simulated org, found and ended; prints where the report is
	@scripts/run

test: check ## Checks, then runs every test but those of test-aws and the long ones of test-long; CI runs `make test test-aws`
	@scripts/test

test-long: setup ## Runs every test, also those that try every fault at every request, many seeds and long sequences, and some minutes of fuzzing; writes docs/detections and infra/policy.yaml anew; an hour or two
	@scripts/test --profile test-long -- --include-ignored
	@scripts/fuzz 240

fuzz: setup ## Feeds every parser of outside data for an hour in all with what a fuzzer makes of fuzz/corpus/
	@scripts/fuzz 3600

check: setup ## Formatting, lints, the rules for dependencies, and the templates for AWS
	@scripts/check
	@scripts/infra-check

infra-check: setup ## The templates and runbooks for AWS alone: cfn-lint, sam, checkov, and tests of permissions, rules, delivery and cost
	@scripts/infra-check

test-aws: setup ## Runs the tests that need AWS: the functions and the store on moto, with faults; some minutes
	@scripts/test-aws

packs: ## Gets the data and builds packs/networks.pack: for each address its provider, whether that is hosting, and its country
	@scripts/packs

bench: setup ## Runs the benchmarks: judging, matching, looking up addresses, reading a million logins, containing and starting, beside others
	@scripts/packs --for-bench
	cargo bench --locked --workspace --bench judging --bench looking_up --bench matching --bench reading
	@scripts/bench-scan
	@scripts/bench-evaluate
	@scripts/bench-contain
	@scripts/bench-functions

bench-quality: setup ## Judges worlds whose truth is known, and writes docs/quality.md; a few minutes
	cargo run --locked --profile bench --bin quality -- --seeds 101..120 --page docs/quality.md

build: setup ## Builds the three Lambda functions for arm64, ready to upload, below target/lambda
	@scripts/build

deploy: setup ## Builds the functions and deploys the core to AWS; asks for the parameters the first time
	@scripts/deploy
