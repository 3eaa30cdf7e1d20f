#!/usr/bin/env bash
# The whole job on the embedded digits, with ten labels in all: pretrain,
# fine-tune, distil into a smaller network, evaluate, export.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/environment.sh
prepare_environment ""

exec .venv/bin/python -m simclrv2_tf.run --train_mode=semi_supervised \
  --dataset=digits --labels_per_class=1 --time_budget=00:05 \
  --model_dir="$(mktemp -d)/digits" "$@"
