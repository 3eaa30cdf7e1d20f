#!/usr/bin/env bash
# Makes the environments of tools/benchmark.py peers: .venv-peers with PyTorch
# for the processor and lightly, and with --original .venv-original with the
# TensorFlow of the original release's last year, which needs Python 3.9 to
# 3.11. Prints the interpreter of the one that was asked for.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/environment.sh
folder=tools/peers

if [ "${1:-}" = --original ]; then
  python=$(find_older_python) || {
    echo "TensorFlow 2.15 needs Python 3.9 to 3.11 with its venv module, and" \
      "there is none here." >&2
    exit 1
  }
  home=${ORIGINAL_VENV:-.venv-original}
  prepare_other "$home" "$python" "$folder/original_requirements.txt" >&2
  echo "$home/bin/python"
  exit
fi

home=${PEERS_VENV:-.venv-peers}
prepare_other "$home" "$(find_python)" "$folder/requirements.txt" >&2
# Beside a build of PyTorch for the processor alone, torchvision may lack its
# compiled operations and stop at registering shapes for them. Neither its
# transforms nor its networks use them.
if ! "$home/bin/python" -c "import torchvision" 2> /dev/null; then
  packages=$("$home/bin/python" -c \
    'import sysconfig; print(sysconfig.get_path("purelib"))')
  : > "$packages/torchvision/_meta_registrations.py"
fi
"$home/bin/python" -c "import lightly.transforms, torchvision.models"
command -v g++ > /dev/null ||
  echo "torch.compile needs g++, and there is none here." >&2
echo "$home/bin/python"
