#!/usr/bin/env bash
# Everything that continuous integration checks; --slow adds the slow tests.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/environment.sh
prepare_environment "[test]"

export TF_CPP_MIN_LOG_LEVEL=2
.venv/bin/ruff format --check .
.venv/bin/ruff check .
if [ "${1:-}" = --slow ]; then
  .venv/bin/python -m pytest -m "slow or not slow"
  exec bash tools/check_addons.sh
fi
exec .venv/bin/python -m pytest
