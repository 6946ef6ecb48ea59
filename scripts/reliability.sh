#!/usr/bin/env bash
# Runs every proof and writes what came of it to docs/reliability.md; with --check, compares the cases without running them.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
exec node packages/testing/dist/house-rules/reliability.js "$@"
