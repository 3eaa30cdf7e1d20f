#!/usr/bin/env bash
# Builds the site of docs/ into site/ and checks it: warnings and broken links
# are errors, and no page may fetch anything. --serve shows it while you write.
set -euo pipefail
case "$*" in
  "" | --serve) ;;
  *)
    echo "tools/docs.sh takes nothing or --serve, not: $*" >&2
    exit 2
    ;;
esac
cd "$(dirname "$0")/.."
source tools/environment.sh
prepare_other .venv-docs "$(find_python)" tools/docs/requirements.txt

export NO_MKDOCS_2_WARNING=1  # see tools/docs/requirements.txt
if [ "$*" = --serve ]; then
  exec .venv-docs/bin/mkdocs serve
fi
# Not --quiet, which keeps warnings from being counted.
.venv-docs/bin/mkdocs build --strict
.venv-docs/bin/python tools/docs/nothing_fetched.py site
