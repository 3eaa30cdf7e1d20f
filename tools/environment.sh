# Sourced by the other scripts: makes .venv in the checkout and installs the
# package there, once for each state of setup.cfg.

find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11 python3.10; do
    if "$candidate" -c 'import sys, venv, ensurepip
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "simclrv2_tf needs Python 3.10 to 3.13 with its venv module;" \
    "found $(python3 -c 'import sys; print("Python", sys.version.split()[0])' \
      2>/dev/null || echo none)." >&2
  return 1
}

# Python for TensorFlow 2.15: nothing newer than 3.11.
find_older_python() {
  local candidate
  for candidate in python3.11 python3.10 python3.9 python3 \
    "$HOME"/.pyenv/versions/3.{11,10,9}.*/bin/python; do
    if "$candidate" -c 'import sys, venv, ensurepip
sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

prepare_environment() {
  local extra=$1 python state
  python=$(find_python) || exit 1
  state=$(cksum setup.cfg pyproject.toml | cksum | cut -d' ' -f1)
  if [ -e ".venv/installed-$extra-$state" ]; then
    return
  fi
  echo "Installing into .venv (some minutes the first time) ..."
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --editable ".$extra" 2> .venv/install.log || {
    cat .venv/install.log >&2
    echo "Installing failed; see above." >&2
    exit 1
  }
  touch ".venv/installed-$extra-$state"
}

# An environment of other packages, HOME, by PYTHON, of a file of REQUIREMENTS.
prepare_other() {
  local home=$1 python=$2 requirements=$3 state
  state=$(cksum "$requirements" | cut -d' ' -f1)
  if [ -e "$home/installed-$state" ]; then
    return
  fi
  echo "Installing $requirements into $home ..."
  "$python" -m venv "$home"
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check \
    --requirement "$requirements"
  touch "$home/installed-$state"
}
