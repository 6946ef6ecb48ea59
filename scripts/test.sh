#!/usr/bin/env bash
# Runs every test of every package, or those that the arguments name.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
exec vitest run "$@"
