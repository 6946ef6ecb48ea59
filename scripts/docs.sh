#!/usr/bin/env bash
# Writes the API reference of every package, and the page of every error code, to docs/site. A warning is an error.
source "$(dirname "${BASH_SOURCE[0]}")/set-up.sh"

set_up
run node docs/error-pages.js
run docs/node_modules/.bin/typedoc --options docs/typedoc.json
run node docs/error-pages.js --check
say "the API reference is docs/site/index.html"
