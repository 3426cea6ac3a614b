#!/bin/sh
# Runs the tests of every module by itself (GOWORK=off), with the race detector
# where a C compiler exists, and lists the tests that were skipped.
# Arguments go to "go test", for example: scripts/test.sh -short -run Secret
set -u
cd "$(dirname "$0")/.." || exit 1
export GOWORK=off

race=
compiler=$(go env CC)
if [ "$(go env CGO_ENABLED)" = 1 ] && command -v "${compiler%% *}" >/dev/null 2>&1; then
	race=-race
	CGO_ENABLED=1
	export CGO_ENABLED
else
	echo "no C compiler: the race detector is off"
fi

status=0
log=$(mktemp) && skipped=$(mktemp) || exit 1
trap 'rm -f "$log" "$skipped"' EXIT
for module in . examples internal/conformance internal/conformance/acme internal/bench; do
	echo "== module $module"
	go test -C "$module" -v $race -timeout 60m "$@" ./... >"$log" 2>&1 || status=1
	# What passed is one line a package; what failed is shown whole.
	grep -E '^(ok|FAIL|\?)[[:space:]]' "$log" | grep -v 'no test files'
	if grep -qE '^(--- FAIL|FAIL|panic:|WARNING: DATA RACE|# )' "$log"; then
		grep -vE '^(=== (RUN|PAUSE|CONT|NAME)|[[:space:]]*--- (PASS|SKIP)|ok|\?)' "$log" | head -400
	fi
	grep -A3 -E '^[[:space:]]*--- SKIP' "$log" | grep -vE '^--$|--- PASS|=== ' >>"$skipped"
done

if [ -n "$race" ]; then
	# Tests that measure the heap are built without the race detector only.
	echo "== memory, without the race detector"
	go test -timeout 30m -run Memory "$@" ./salesforce/bulk || status=1
	echo "== the model of imports, without the race detector"
	go test -C internal/conformance -timeout 30m -run 'TestModel$' "$@" . || status=1
fi

if [ -s "$skipped" ]; then
	echo "== skipped"
	cat "$skipped"
else
	echo "== nothing was skipped"
fi
if [ -n "${ORGLINK_FAIL_ON_SKIP:-}" ] && [ -s "$skipped" ]; then
	echo "a test was skipped where all must run"
	status=1
fi
exit $status
