#!/usr/bin/env bash
# Takes an export to TensorFlow Hub with tf_keras: calls it, and fine-tunes it
# in hub.KerasLayer. They have an environment of their own, as the name of
# Keras is another package there.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/environment.sh

base=$(find_python)
python=${PYTHON:-.venv/bin/python}
[ -n "${PYTHON:-}" ] || prepare_environment "[test]"

home=${HUB_VENV:-.venv-hub}
prepare_other "$home" "$base" tools/hub/requirements.txt

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
PYTHONPATH=$PWD "$python" tools/hub/export.py "$work"
PYTHONPATH='' "$home/bin/python" tools/hub/train.py "$work"
