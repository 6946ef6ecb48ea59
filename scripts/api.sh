#!/usr/bin/env bash
# Writes the report of each package's public surface (packages/**/etc/*.api.md); with --check, compares instead.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
exec node packages/testing/dist/house-rules/api-reports.js "$@"
