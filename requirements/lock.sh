# Renew the lock files from pyproject.toml: exact versions with hashes and without addresses, read by pip and by uv.
# uv.lock itself holds the addresses of a registry, so it stays out of the repository.
set -eu
export UV_PYTHON_DOWNLOADS=never
uv lock --quiet "$@"
uv export --quiet --no-emit-project --no-header --no-annotate --no-default-groups --group build --extra app -o requirements/core.lock
uv export --quiet --no-emit-project --no-header --no-annotate --group dev --extra app -o requirements/dev.lock
uv export --quiet --no-emit-project --no-header --no-annotate --no-default-groups --group build --extra spark -o requirements/spark.lock
uv export --quiet --no-emit-project --no-header --no-annotate --no-default-groups --group build --extra acro -o requirements/acro.lock
