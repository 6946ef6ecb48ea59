#!/usr/bin/env bash
# Starts the server from a fresh clone: installs, builds, serves.
exec bash "$(dirname "${BASH_SOURCE[0]}")/hookwright.sh" start "$@"
