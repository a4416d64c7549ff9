# Look up known weaknesses of what Careloom needs: sh audit.sh PYTHON VENV [if-answered].
# With if-answered, as `make check` has it, it is no fault that nobody answers; a weakness that is known always is one.
set -eu
python=$1 venv=$2 when=${3:-always}
asked=https://pypi.org/pypi/requests/2.19.0/json # which has a weakness: a mirror that tells of none knows nothing
if [ "$when" = if-answered ] && ! "$python" -c "
import json, sys, urllib.request
sys.exit(not json.load(urllib.request.urlopen('$asked', timeout=5))['vulnerabilities'])" 2>/dev/null; then
    echo "Dependencies were not audited: no service that knows of weaknesses answers here (make audit says more)"
    exit 0
fi
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit
"$venv/bin/pip-audit" --strict --require-hashes --disable-pip -r requirements/core.lock || {
    echo "make audit: a known weakness, or no answer about a dependency (named above): then nothing is shown about it" >&2
    exit 1
}
