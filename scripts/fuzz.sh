#!/bin/sh
# Runs every fuzz target of the core for a while: scripts/fuzz.sh [time each]
set -eu
cd "$(dirname "$0")/.."
each=${1:-5s}
for file in $(git grep -l '^func Fuzz' -- '*_test.go'); do
	dir=$(dirname "$file")
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$file"); do
		echo "== $dir $target"
		go test "./$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$each"
	done
done
