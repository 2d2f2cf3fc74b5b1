#!/usr/bin/env bash
# Writes the three lists of exact versions and hashes that `make` installs from:
#   requirements.txt        what a running Locum needs
#   requirements-build.txt  what turns the checkout into an installed package
#   requirements-dev.txt    both, and what the tests need
# Run it after a change of the dependencies in pyproject.toml, or with --upgrade to take newer versions.
# It needs uv. The lists must name no package registry: a reader's own settings say where packages come from.
set -euo pipefail
cd "$(dirname "$0")/.."

uv="$(command -v uv || echo .venv/bin/uv)"
"$uv" lock --quiet "$@"
export_list() { "$uv" export --quiet --frozen --no-emit-project --no-header --no-annotate --output-file "$@" >/dev/null; }
export_list requirements.txt --no-default-groups
export_list requirements-build.txt --only-group build
export_list requirements-dev.txt --group dev --group build

if grep -nE '://|^ *--?(index|extra|find|i |f )' requirements*.txt; then
    echo "pin: the lines above name a place to fetch from, which the lists must not" >&2
    exit 1
fi
for list in requirements.txt requirements-build.txt requirements-dev.txt; do
    echo "$list: $(grep -c '==' "$list") packages"
done
