# GOWORK=off everywhere: each module is tested against the versions its own
# go.mod names.
export GOWORK := off
MODULES := . examples internal/conformance internal/conformance/acme internal/bench

.PHONY: test lint fmt tidy quickstart bench fuzz

test: ## every module's tests, with the race detector where a C compiler exists
	@sh scripts/test.sh

lint: ## needs golangci-lint; CONTRIBUTING.md says which
	@for m in $(MODULES); do echo "== lint $$m"; (cd $$m && golangci-lint run ./...) || exit 1; done

fmt:
	gofmt -w $$(git ls-files '*.go')

tidy:
	@for m in $(MODULES); do go mod tidy -C $$m; done

quickstart: ## the whole job, end to end
	go run -C examples ./quickstart

bench:
	go run -C internal/bench .

fuzz: ## each fuzz target for a short while
	@sh scripts/fuzz.sh
