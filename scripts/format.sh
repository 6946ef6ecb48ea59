#!/usr/bin/env bash
# Formats every file and applies the safe fixes of the linter.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

install_dependencies
exec biome check --write .
