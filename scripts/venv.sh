#!/usr/bin/env bash
# Brings .venv to the state that one of the pinned lists describes: `scripts/venv.sh run` or `scripts/venv.sh dev`.
# uv is used where it is installed; otherwise Python's own venv and pip. Every package must match its hash.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose="${1:?say which list: run or dev}"
case "$purpose" in
    run) lists=(requirements.txt requirements-build.txt) ;;
    dev) lists=(requirements-dev.txt) ;;
    *) echo "venv: \`$purpose\` is neither run nor dev" >&2; exit 2 ;;
esac

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    echo "venv: found no Python 3.11 or newer: install one, or name it: make PYTHON=/path/to/python3" >&2
    exit 1
}

python="$(find_python)"
uv="$(command -v uv || true)"

if ! .venv/bin/python -c '' >/dev/null 2>&1; then
    echo "making .venv with $("$python" --version)" >&2
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --clear --seed --python "$python" .venv
    elif "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        "$python" -m venv --clear .venv
    else
        version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
        echo "venv: $python has no venv with pip: on Debian and Ubuntu, apt-get install python$version-venv" >&2
        exit 1
    fi
fi

if [ -n "$uv" ]; then
    install=("$uv" pip install --quiet --python .venv/bin/python)
else
    install=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input)
fi

arguments=()
for list in "${lists[@]}"; do arguments+=(-r "$list"); done
echo "installing the packages of ${lists[*]}" >&2
# The lists are whole, so nothing is resolved here: a newer release of something cannot change what is installed.
"${install[@]}" --no-deps --require-hashes "${arguments[@]}"
# The package itself comes from this checkout; what builds it was installed above, so nothing unpinned is fetched.
"${install[@]}" --no-deps --no-build-isolation --editable .
