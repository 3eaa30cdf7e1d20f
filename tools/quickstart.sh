#!/usr/bin/env bash
# The main job on the embedded digits: pretrain, fine-tune on ten labels,
# distil into a smaller network, evaluate, export.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/environment.sh
prepare_environment ""

export TF_CPP_MIN_LOG_LEVEL=2
exec .venv/bin/python tools/quickstart.py "$@"
