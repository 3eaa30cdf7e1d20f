"""Config to absl flags and back; the only module that knows absl's flags."""

import dataclasses
import difflib
import re
import sys
from collections.abc import Sequence
from typing import Any
from typing import NoReturn

from absl import flags

from simclrv2_tf import shipped_recipes
from simclrv2_tf.config import Config
from simclrv2_tf.config import stage_overrides
from simclrv2_tf.help_text import help_text

_MARK = "\ufeff"
_UTF_16 = "it looks like UTF-16: save it as UTF-8"
_MOST_NESTED = 20  # flagfiles, one in the other
_VALUES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
}


class Values(flags.FlagValues):
    """Flags whose flagfiles may be recipes of the package, by name."""

    def _get_flag_file_lines(self, filename, parsed_file_stack=None):
        """absl's, through which go flagfiles within flagfiles too."""
        path = shipped_recipes.path_of(filename)
        if path in (parsed_file_stack or []):  # absl would pass over it
            raise ValueError(_circular(f"--flagfile={filename}"))
        return super()._get_flag_file_lines(path, parsed_file_stack)


def parse(argv: Sequence[str]) -> Config:
    """Reads a command line.

    Args:
      argv: The program's name and its arguments.

    Returns:
      A `Config`.

    Raises:
      ValueError: For an unknown flag or a value that a flag cannot take.
      SystemExit: After `--help`.
    """
    values = define(Values())
    if any(a in ("--help", "-help", "-h", "--helpfull") for a in argv[1:]):
        print(help_text(), flush=True)
        raise SystemExit(0)
    try:
        rest = values(_with_flagfiles(values, argv))[1:]
    except flags.UnrecognizedFlagError as error:
        raise ValueError(_unknown(error.flagname)) from None
    except flags.CantOpenFlagFileError as error:
        raise ValueError(str(error).replace("ERROR:: ", "")) from None
    except flags.IllegalFlagValueError as error:
        raise ValueError(_illegal(str(error))) from None
    except flags.Error as error:
        raise ValueError(str(error).replace("\n", " ")) from None
    except UnicodeDecodeError as error:
        where = f"{error.reason} at byte {error.start}"
        reason = _UTF_16 if b"\0" in error.object else where
        raise ValueError(_not_utf8(argv, reason)) from None
    if rest:
        raise ValueError(
            "Expected flags alone, such as --train_mode=pretrain. "
            f"Received: {' '.join(rest)}"
        )
    return to_config(values)


def _with_flagfiles(values, argv):
    """A command line with the lines of its flagfiles in their place.

    A byte order mark, which some editors write, is no part of a line.
    """
    program, *lines = argv
    for _ in range(_MOST_NESTED):
        read = values.read_flags_from_files(lines, force_gnu=False)
        if any("\0" in line for line in read):
            raise ValueError(_not_utf8(argv, _UTF_16))
        lines = [line for line in map(_without_mark, read) if line]
        if lines == read:  # behind a mark there may be another flagfile
            return [program, *lines]
    raise ValueError(_circular(" ".join(argv[1:])))


def _circular(received):
    return (
        "A flagfile must not name itself, nor one that names it. Received: "
        f"{received}"
    )


def _without_mark(line):
    """A line without its byte order mark; "" if only a comment is left."""
    if not line.startswith(_MARK):
        return line
    rest = line.removeprefix(_MARK).strip()
    return "" if rest.startswith(("#", "//")) else rest


def _not_utf8(argv, reason):
    named = " ".join(a for a in argv[1:] if "flagfile" in a)
    return f"A flagfile must be text in UTF-8 ({reason}). Received: {named}"


def define(values: flags.FlagValues) -> flags.FlagValues:
    """Defines a flag for each field of `Config` in absl `FlagValues`."""
    flags.DEFINE_string("flagfile", "", "A file of flags.", flag_values=values)
    for field in dataclasses.fields(Config):
        _define(field, values, field.name, field.default)
    for stage, field in _of_stages():
        _define(field, values, f"{stage}.{field.name}", None)
    return values


def _of_stages():
    """Each option that a stage of the job may have of its own."""
    for stage in stage_overrides.STAGES:
        for field in dataclasses.fields(Config):
            if field.name not in stage_overrides.OF_THE_JOB:
                yield stage, field


def _define(field, values, name, default):
    kind, choices = field.metadata["kind"], field.metadata["choices"]
    args = (name, default)
    text = field.metadata["help"]
    if choices and kind is str:
        flags.DEFINE_enum(*args, list(choices), text, flag_values=values)
        return
    definers = {
        bool: flags.DEFINE_boolean,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        str: flags.DEFINE_string,
    }
    definers[kind](*args, text, flag_values=values)


def to_config(values: flags.FlagValues) -> Config:
    """A `Config` from parsed `FlagValues`."""
    names = [field.name for field in dataclasses.fields(Config)]
    given = [name for name in names if not values[name].using_default_value]
    options: dict[str, Any] = {name: values[name].value for name in given}
    text = stage_overrides.write(_given_to_stages(values))
    if text:
        words = [options.get("stage_options"), text]
        options["stage_options"] = " ".join(filter(None, words))
    return Config(**options)


def _given_to_stages(values):
    """{stage: {name: value}} of the flags with a stage's name in front."""
    options = {}
    for stage, field in _of_stages():
        flag = values[f"{stage}.{field.name}"]
        if not flag.using_default_value:
            options.setdefault(stage, {})[field.name] = flag.value
    return options


def _unknown(name):
    known = [field.name for field in dataclasses.fields(Config)]
    if "." in name:
        known = [f"{stage}.{field.name}" for stage, field in _of_stages()]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f": did you mean --{near[0]}?" if near else "."
    return f"There is no flag --{name}{hint} See simclrv2 --help."


def _illegal(text):
    """What a flag takes, from absl's "flag --name=value: reason"."""
    given = re.match(r"flag (--([\w.]+)=.*?): ", text, re.DOTALL)
    fields = {f.name: f.metadata for f in dataclasses.fields(Config)}
    name = given and given[2].split(".")[-1]
    if name not in fields:
        return text.replace("\n", " ")
    metadata = fields[name]
    words = _VALUES[metadata["kind"]]
    if metadata["choices"]:
        words = f"one of {', '.join(map(str, metadata['choices']))}"
    return f"--{given[2]} must be {words}. Received: {given[1]}"


def fail(error: object) -> NoReturn:
    """Says what a user did wrong and ends the program with status 2."""
    print(f"simclrv2: {error}", file=sys.stderr)
    raise SystemExit(2)
