#!/usr/bin/env bash
# Kills processes round by round, a thousand times unless `--rounds` says otherwise, and looks whether anything was lost.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
exec node packages/plugins/server/dist/chaos/chaos-program.test.support.js "$@"
