"""Completion of flags: `python -m simclrv2_tf.completion bash` (or zsh).

    eval "$(python -m simclrv2_tf.completion bash)"

in `~/.bashrc`, or with zsh in `~/.zshrc`, has the tabulator complete flags,
choices, data set kinds and recipes.
"""

import dataclasses
import sys

from simclrv2_tf import shipped_recipes
from simclrv2_tf.config import Config

SHELLS = ("bash", "zsh")
# What a value may begin with where it is no choice of a few.
_BEGINNINGS = {
    "dataset": (
        "folder:",
        "csv:",
        "tfrecord:",
        "npz:",
        "tar:",
        "parquet:",
        "concat:",
        "digits",
    )
}
_SCRIPT = """\
_simclrv2() {{
  local current=${{COMP_LINE:0:COMP_POINT}}
  current=${{current##*[[:space:]]}}
  local flag=${{current%%=*}} value=${{current#*=}} values
  if [[ $current != *=* ]]; then
    COMPREPLY=($(compgen -W "{flags}" -- "$current"))
    return
  fi
  case $flag in
{cases}
    *) COMPREPLY=($(compgen -f -- "$value")); return ;;
  esac
  COMPREPLY=($(compgen -W "$values" -- "$value"))
  # Bash takes a colon for the end of a word: what stands before it is there.
  if [[ $value == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("${{COMPREPLY[@]#"${{value%:*}}:"}}")
  fi
}}
complete -o nospace -o default -F _simclrv2 simclrv2
"""
_ZSH = "autoload -U +X bashcompinit && bashcompinit\n"


def script(shell: str) -> str:
    """What a shell evaluates to complete the flags of `simclrv2`.

    Args:
      shell: "bash", or "zsh", which takes bash's.

    Raises:
      ValueError: If it is another.
    """
    if shell not in SHELLS:
        raise ValueError(
            f"Expected a shell, one of {', '.join(SHELLS)}. Received: {shell!r}"
        )
    cases = [_case(name, known) for name, known in _values().items()]
    text = _SCRIPT.format(flags=" ".join(_flags()), cases="\n".join(cases))
    return (_ZSH if shell == "zsh" else "") + text


def _flags():
    """All flags as they are typed; switches have no value."""
    words = ["--flagfile=", "--help"]
    for field in dataclasses.fields(Config):
        if field.metadata["kind"] is bool:
            words += [f"--{field.name}", f"--no{field.name}"]
        else:
            words.append(f"--{field.name}=")
    return words


def _values():
    """{flag: the values to offer}, of those that have some."""
    recipes = shipped_recipes.names()
    values = {"flagfile": [f"{shipped_recipes.PREFIX}{n}" for n in recipes]}
    for field in dataclasses.fields(Config):
        choices = field.metadata["choices"] or _BEGINNINGS.get(field.name)
        if field.metadata["kind"] is bool:
            choices = ("true", "false")
        if choices:
            values[field.name] = [str(choice) for choice in choices]
    return values


def _case(name, known):
    return f'    --{name}) values="{" ".join(known)}" ;;'


def main(argv: list[str]) -> None:
    """Prints the script of the shell that is named."""
    try:
        (shell,) = argv[1:] or [""]
        print(script(shell), end="")
    except ValueError:
        words = " ".join(argv[1:])
        print(
            "Expected: python -m simclrv2_tf.completion "
            f"{'|'.join(SHELLS)}. Received: {words!r}",
            file=sys.stderr,
        )
        raise SystemExit(2) from None


if __name__ == "__main__":
    main(sys.argv)
