#!/usr/bin/env bash
# Runs the benchmarks, or those that the arguments name.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
exec node packages/plugins/server/bench/bench.ts "$@"
