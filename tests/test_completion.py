"""What shells offer, asked of the shells themselves."""

import shutil
import subprocess
import sys

import pytest

from simclrv2_tf import completion

# Bash's own way of breaking words, and zsh's, which keeps colons.
BREAKS = "COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'"


def offered(line, before=BREAKS):
    """What bash would offer behind a command line."""
    asking = (
        f"{before}\n{completion.script('bash')}\n"
        f"COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}\n"
        '_simclrv2; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", asking],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("simclrv2 --labels", {"--labels_per_class="}),
        ("simclrv2 --seed=1 --norollb", {"--norollback"}),
        ("simclrv2 --mode=ev", {"eval"}),
        ("simclrv2 --resnet_depth=1", {"18", "101", "152"}),
        ("simclrv2 --dataset=fol", {"folder:"}),
        ("simclrv2 --use_blur=t", {"true"}),
        ("simclrv2 --nothing_like_it", set()),
        # Bash takes up after the colon.
        ("simclrv2 --flagfile=simclrv2:digits_p", {"digits_pretrain"}),
    ],
)
def test_what_bash_offers(line, expected):
    assert set(offered(line)) == expected


def test_a_shell_that_keeps_colons_gets_the_whole_value():
    found = offered("simclrv2 --flagfile=simclrv2:digits_p", "COMP_WORDBREAKS=")
    assert found == ["simclrv2:digits_pretrain"]


def test_files_are_offered_where_anything_may_stand(tmp_path):
    (tmp_path / "weights.pth").touch()
    found = offered(f"simclrv2 --checkpoint={tmp_path}/wei")
    assert found == [f"{tmp_path}/weights.pth"]


def test_the_script_is_evaluated_as_its_first_line_says():
    command = f'eval "$({sys.executable} -m simclrv2_tf.completion bash)"'
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{command}; complete -p simclrv2"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-F _simclrv2 simclrv2" in done.stdout


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_zsh_takes_it():
    script = f"autoload -U compinit && compinit -D\n{completion.script('zsh')}"
    subprocess.run(["zsh", "-f", "-c", script], check=True)


def test_zsh_loads_what_takes_completions_of_bash():
    assert completion.script("zsh").startswith("autoload -U +X bashcompinit")


@pytest.mark.parametrize("argv", [[], ["fish"], ["bash", "zsh"]])
def test_another_shell_is_one_sentence(argv, capsys):
    with pytest.raises(SystemExit) as error:
        completion.main(["completion", *argv])
    assert error.value.code == 2
    said = capsys.readouterr().err
    assert "completion bash|zsh. Received: " in said
    assert len(said.splitlines()) == 1
