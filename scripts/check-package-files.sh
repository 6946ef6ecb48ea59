#!/usr/bin/env bash
# Packs every package as it would be published and looks into the tarball: do its entry points exist, do they resolve
# for every kind of importer, are its types found. Needs built packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PWD/node_modules/.bin:$PATH"

tarballs=$(mktemp -d)
trap 'rm -rf "$tarballs"' EXIT

for manifest in packages/*/package.json packages/plugins/*/package.json; do
  package=$(dirname "$manifest")
  tarball=$tarballs/$(cd "$package" && npm pack --silent --pack-destination "$tarballs")
  publint run --strict "$tarball"
  attw --profile esm-only --quiet "$tarball"
done
