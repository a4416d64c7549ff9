# Install the exact packages of a lock file, and Careloom itself, into a virtual environment: sh install.sh PYTHON VENV LOCK
set -eu
python=$1 venv=$2 lock=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Careloom needs Python 3.11 or later; '$python' is not. Try: make PYTHON=python3.12 demo" >&2
    exit 1
}
echo "Setting up $venv from $lock (only the first time) ..."
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
if command -v uv >/dev/null 2>&1; then
    UV_PYTHON_DOWNLOADS=never uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock"
    UV_PYTHON_DOWNLOADS=never uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
