#!/usr/bin/env bash
# Measures fsctl against its peers; see docs/performance.md. Flags: bench/run.sh -help
set -euo pipefail
cd "$(dirname "$0")/.."
go build -o bin/bench ./bench
exec bin/bench "$@"
