#!/usr/bin/env bash
# Runs the hookwright command from a clone: installs and builds what changed, and says nothing when nothing did.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
# For trying things out on one's own machine, deliveries may go to it.
export HOOKWRIGHT_ALLOW_TARGETS="${HOOKWRIGHT_ALLOW_TARGETS-loopback}"
# What the command's own hints tell a person to type.
export HOOKWRIGHT_COMMAND="npm run -s hookwright --"
# `exec`: a signal reaches the program itself, and no shell is left behind.
exec node packages/plugins/server/dist/main.js "$@"
