#!/usr/bin/env bash
# Writes the three lists of exact versions and hashes that `make` installs from:
#   requirements.txt        what a running Locum needs
#   requirements-build.txt  what turns the checkout into an installed package
#   requirements-dev.txt    both, and what the tests need
# Run it after a change of the dependencies in pyproject.toml: what is pinned stays as it is, as far as the change allows.
# With --upgrade it takes the newest versions. It needs uv.
# The lists must name no package registry: a reader's own settings say where packages come from.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
    "") kept="$(grep -hoE '^[a-z0-9._-]+==[^ ]+' requirements*.txt | sort -u || true)" ;;
    --upgrade) kept="" ;;
    *) echo "pin: \`$1\` is not --upgrade" >&2; exit 2 ;;
esac

uv="$(command -v uv || echo .venv/bin/uv)"
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
cp pyproject.toml "$place/"
{
    echo "[tool.uv]"
    echo "package = false"
    echo "constraint-dependencies = ["
    for pin in $kept; do echo "    \"$pin\","; done
    echo "]"
} >> "$place/pyproject.toml"

"$uv" lock --quiet --project "$place"
export_list() {
    "$uv" export --quiet --project "$place" --frozen --no-emit-project --no-header --no-annotate \
        --output-file "$PWD/$1" "${@:2}" >/dev/null
}
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
