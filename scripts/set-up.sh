# Brings the working copy to the state that every command needs. The other scripts source this file, call `set_up`
# (or one of its two halves), and then do their own one thing. Progress goes to stderr; when nothing is to be done,
# nothing is said.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PNPM=pnpm@12.21.0
INSTALLED=node_modules/.installed # stands after an installation that went through; its time is when that began

# The repository brings its own Node for Linux; elsewhere the user's serves.
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

set_up() {
  install_dependencies
  require_node
  build
}

install_dependencies() {
  if installation_is_fresh; then return; fi
  say "installing dependencies"
  local began
  began=$(mktemp)
  # The reporter's progress bars do not survive a pipe or a log file; warnings and errors still show.
  run npx --yes "$PNPM" install --frozen-lockfile --reporter=append-only --loglevel=warn >&2
  mv "$began" "$INSTALLED"
}

# What decides the installation: the lockfile, the workspace file, and every package.json.
installation_is_fresh() {
  [[ -e $INSTALLED && -z $(
    find package.json pnpm-lock.yaml pnpm-workspace.yaml packages docs \
      \( -name node_modules -o -name dist -o -name src -o -name site \) -prune \
      -o -type f \( -name package.json -o -name 'pnpm-*.yaml' \) -newer "$INSTALLED" -print
  ) ]]
}

require_node() {
  if node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 22 || (major === 22 && minor >= 19) ? 0 : 1)'; then return; fi
  say "Node $(node --version) is too old here: install Node 22.19 or newer and run this again"
  exit 1
}

# Incremental: without a change it takes a moment.
build() {
  run tsc --build >&2
}

say() {
  printf 'hookwright: %s\n' "$*" >&2
}

# Runs a command in a process group of its own, so that a signal to this script stops all that the command started.
run() {
  local child status=0
  set -m
  "$@" </dev/null &
  child=$!
  set +m
  trap 'stop_group "$child" 130' INT
  trap 'stop_group "$child" 143' TERM
  wait "$child" || status=$?
  trap - INT TERM
  return "$status"
}

stop_group() {
  trap '' INT TERM
  kill -TERM -- "-$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
  exit "$2"
}
