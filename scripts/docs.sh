#!/usr/bin/env bash
# Writes the API reference of every package to docs/site. A warning is an error.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
run docs/node_modules/.bin/typedoc --options docs/typedoc.json
say "the API reference is docs/site/index.html"
