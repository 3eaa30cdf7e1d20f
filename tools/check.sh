#!/usr/bin/env bash
# Everything that continuous integration checks; --slow adds the slow tests.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/environment.sh

# No extra of the tests: on Linux it may bring several GB that few need.
prepare_pytorch() {
  .venv/bin/python -c "import safetensors, torch" 2> /dev/null ||
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
      torch safetensors ||
    echo "PyTorch cannot be installed: the tests that need it are skipped." >&2
}

prepare_environment "[test]"
if [ "${1:-}" = --slow ]; then
  prepare_environment "[test,audit]"  # pip-audit, for tests/test_security.py
  prepare_pytorch
fi

export TF_CPP_MIN_LOG_LEVEL=2
.venv/bin/ruff format --check .
.venv/bin/ruff check .
.venv/bin/mypy
bash tools/docs.sh
# Small networks leave a second core idle: two processes share the test files.
pytest=(.venv/bin/python -m pytest -n 2 --dist loadfile --durations=10)
if [ "${1:-}" = --slow ]; then
  "${pytest[@]}"
  # A process a file: TensorFlow keeps all that it compiles, 11 GB in the end.
  .venv/bin/python -m pytest -m slow --collect-only |
    sed -n 's/::.*//p' | sort -u |
    xargs -P 2 -n 1 .venv/bin/python -m pytest -m slow --durations=10
  bash tools/check_hub.sh
  exec bash tools/check_addons.sh
fi
exec "${pytest[@]}"
