#!/usr/bin/env bash
# Installs and builds every package.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
