#!/usr/bin/env bash
# Takes our exports to the last stack of tensorflow-addons: TensorFlow 2.15.1
# with Keras 2. Compares all endpoints, fine-tunes with tfa.optimizers.LAMB, and
# compares our LAMB and our blur with theirs. Needs Python 3.9, 3.10 or 3.11
# for that stack; without one it says so and counts as skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/environment.sh

older=$(find_older_python) || {
  echo "skipped: tensorflow-addons needs Python 3.9 to 3.11 with its venv" \
    "module, and there is none here."
  exit 0
}
python=${PYTHON:-.venv/bin/python}
[ -n "${PYTHON:-}" ] || prepare_environment "[test]"

home=${ADDONS_VENV:-.venv-addons}
prepare_other "$home" "$older" tools/addons/requirements.txt

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
PYTHONPATH=$PWD "$python" tools/addons/ours.py "$work"
PYTHONPATH='' "$home/bin/python" tools/addons/theirs.py "$work"
