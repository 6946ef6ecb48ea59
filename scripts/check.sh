#!/usr/bin/env bash
# Every check that is not a test of behaviour. All steps run, so that one run tells everything; any finding fails it.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

failed=()

step() {
  local name=$1
  shift
  say "check: $name"
  run "$@" || failed+=("$name")
}

install_dependencies
require_node
step "format and lint" biome ci .
step "types" tsc --build
step "unused files, exports and dependencies" knip
step "house rules" vitest run packages/testing/src/house-rules
step "public surface" node packages/testing/dist/house-rules/api-reports.js --check
step "reliability page" node packages/testing/dist/house-rules/reliability.js --check
step "package files" bash scripts/check-package-files.sh

if ((${#failed[@]} > 0)); then
  for name in "${failed[@]}"; do say "failed: $name"; done
  exit 1
fi
say "all checks passed"
