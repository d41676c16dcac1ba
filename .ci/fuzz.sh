#!/usr/bin/env bash
# Fuzzes every target of the module for FUZZTIME each (default 30s), one after another:
#
#     FUZZTIME=2m .ci/fuzz.sh [PACKAGE...]     default ./...
#
# One line a target: how many inputs ran, and how many of them reached new code. Minimising an input is bounded, so that no
# target stalls in it. Exits with 1 if a target failed; the input that did is then in testdata/fuzz of its package, where it
# stays as a seed once the fault is mended.
set -euo pipefail
cd "$(dirname "$0")/.."
fuzztime=${FUZZTIME:-30s}
minimize=${FUZZMINIMIZETIME:-200x}
[ $# -gt 0 ] || set -- ./...

output=$(mktemp)
trap 'rm -f "$output"' EXIT
failed=0 targets=0
printf '%-34s %-20s %12s %8s\n' package target executions new

# fuzz PACKAGE TARGET
fuzz() {
    local result=ok executions new
    # Before Go 1.27, the end of the time may itself be reported as a failure: https://go.dev/issue/75804.
    if ! go test "$1" -run '^$' -fuzz "^$2\$" -fuzztime "$fuzztime" -fuzzminimizetime "$minimize" >"$output" 2>&1 &&
        { grep -q 'Failing input written to' "$output" || ! grep -qx ' *context deadline exceeded' "$output"; }; then
        result=FAILED failed=1
    fi
    executions=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$output" | tail -n 1)
    new=$(sed -n 's/.*new interesting: \([0-9]*\).*/\1/p' "$output" | tail -n 1)
    printf '%-34s %-20s %12s %8s %s\n' "$1" "$2" "${executions:--}" "${new:--}" "$result"
    if [ "$result" = FAILED ]; then
        sed 's/^/    /' "$output"
        sed -n "s|.*Failing input written to \(testdata/.*\)|the failing input: $(go list -f '{{.Dir}}' "$1")/\1|p" "$output"
    fi
}

packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' "$@")
for package in $packages; do
    # Compiling every package's tests only to find that they have no target would take minutes.
    directory=$(go list -f '{{.Dir}}' "$package")
    grep -qs '^func Fuzz' "$directory"/*_test.go || continue
    list=$(go test -list '^Fuzz' "$package")
    for target in $(grep '^Fuzz' <<<"$list" || true); do
        targets=$((targets + 1))
        fuzz "$package" "$target"
    done
done
if [ "$targets" = 0 ]; then
    echo "found no fuzz target in $*" >&2
    exit 1
fi
echo "$targets targets, $fuzztime each"
exit "$failed"
