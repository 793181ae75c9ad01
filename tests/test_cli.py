"""The command line: help, examples, explanations, completion, colours."""
import importlib.util
import io
import json
import shlex
import shutil
import signal
import subprocess
import sys

import pytest
from lasagne_flipconv import layers
from lasagne_flipconv.cli import COMMANDS, colours, main, make_parser
from lasagne_flipconv.conventions import convention_of, row_of_class
from lasagne_flipconv.errors import ConventionError
from lasagne_flipconv.cli.commands import run as run_command
from lasagne_flipconv.cli.commands.completion import FILES, _actions
from lasagne_flipconv.cli.explaining import RECORDED, explain, known_names
from lasagne_flipconv.formats import FORMATS

CONV_LAYERS = [name for name in known_names() if hasattr(layers, name)
               and row_of_class(getattr(layers, name))]
BASH = shutil.which("bash")

needs_shtab = pytest.mark.skipif(
    importlib.util.find_spec("shtab") is None, reason="needs shtab")


def printed(capsys, *argv):
    """Return what a command prints if it succeeds."""
    assert main(list(argv)) == 0
    return capsys.readouterr().out


def parsed(line):
    """Parse a line to type, up to where its output goes."""
    program, *arguments = shlex.split(line)
    assert program == "lasagne-flipconv"
    if ">>" in arguments:
        arguments = arguments[:arguments.index(">>")]
    return make_parser().parse_args(arguments)


def test_help_fits_a_screen_and_shows_three_lines_to_type(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    examples = lines[lines.index("examples:") + 1:]
    assert len(examples) == 3
    assert all(parsed(line).run for line in examples)
    listed = [line.split()[0] for line in lines if line.startswith("    ")]
    assert listed[-len(COMMANDS):] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_parses(name, capsys):
    module = importlib.import_module("lasagne_flipconv.cli.commands." + name)
    assert parsed(module.EXAMPLE).run is module.run
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert module.EXAMPLE in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["fly"], ["explain", "--loud"],
                                  ["completion", "fish"]])
def test_wrong_arguments_are_told_on_stderr(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert not out and "usage: lasagne-flipconv" in err


def test_a_script_may_have_no_arguments(capsys):
    with pytest.raises(SystemExit):
        main(["run"])
    assert capsys.readouterr().err.endswith("required: SCRIPT\n")


def test_refusals_and_missing_files_are_told_in_a_line(tmp_path, capsys):
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(b"PK\3\4 and no more")
    for path, code in ((damaged, 1), (tmp_path / "none.npz", 2)):
        assert main(["check", str(path)]) == code
        out, err = capsys.readouterr()
        assert not out and err.count("\n") == 1
        assert err.startswith("lasagne-flipconv check: " + str(path))


@pytest.mark.parametrize("given, code, told", [
    (["--sync-batch-norm"], 2, "expected --data-parallel"),
    ([], 0, "each of the 4 processes")])
def test_processes_that_share_nothing_are_told_of(tmp_path, capsys,
                                                  monkeypatch, given, code,
                                                  told):
    for name, value in ("WORLD_SIZE", "4"), ("RANK", "0"), (
            "TORCHELASTIC_RUN_ID", "none"):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(run_command, "run_alone", lambda args: 0)
    assert main(["run", *given, "train.py"]) == code
    assert told in capsys.readouterr().err


def test_a_reader_that_leaves_is_no_error(tmp_path):
    command = "%s -m lasagne_flipconv explain torch | head -n 0" % (
        shlex.quote(sys.executable))
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True)
    assert done.stdout + done.stderr == b""


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_ends_by_the_signal_without_a_traceback(name, tmp_path):
    """Whatever a command does at that time: the line is its own example."""
    result = subprocess.run(
        [sys.executable, "-c", "import shlex\n"
         "from lasagne_flipconv import cli\n"
         "from lasagne_flipconv.cli.commands import %s as command\n"
         "def run(args):\n    raise KeyboardInterrupt\n"
         "command.run = run\n"
         "cli.main(shlex.split(command.EXAMPLE.split('>>')[0])[1:])" % name],
        cwd=str(tmp_path), stderr=subprocess.PIPE, universal_newlines=True)
    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize("spelling", [
    "Conv2DDNNLayer", "conv2d_dnn", "conv2d-dnn", "CONV2DDNN",
    "lasagne.layers.dnn.Conv2DDNNLayer"])
def test_layers_are_found_in_any_spelling(spelling):
    assert explain(spelling).name == "Conv2DDNNLayer"


@pytest.mark.parametrize("name", CONV_LAYERS)
def test_layers_are_explained_as_they_are(name):
    cls = getattr(layers, name)
    n = row_of_class(cls).n
    size = {"pad": "same"} if name.startswith("Locally") else {}
    layer = cls((2, 16) + (9,) * n, 16, 3, **size)
    assert explain(name)[2:4] == convention_of(layer)


def test_layers_that_read_the_same_kernel_do():
    same = dict(explain("Conv2DMMLayer").notes)["same W in"]
    assert same == ("Conv2DLayer(flip_filters=False), Conv2DCCLayer, "
                    "Conv2DDNNLayer")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_says_what_its_files_record(name):
    assert name in RECORDED
    notes = dict(explain(name).notes)
    assert notes["load"].startswith("load(path, network")
    assert notes["file names"] == " ".join(FORMATS[name].suffixes)


def test_format_is_explained():
    found = explain("PyTorch")
    assert found[:4] == ("torch", "format", "OIHW", "correlation")
    assert "OI" in dict(found.notes)["dense layers"]
    assert explain("keras-1-th").orientation is None


def test_unknown_names_are_refused_with_close_ones():
    with pytest.raises(ConventionError, match="'conv2dmn'.*Conv2DMMLayer"):
        explain("conv2dmn")
    with pytest.raises(ConventionError, match="such as conv2d_dnn"):
        explain("zzz")


def test_explanations_fit_a_screen(capsys):
    for name in known_names():
        lines = printed(capsys, "explain", name).splitlines()
        assert lines[0].startswith(name + ", a ")
        assert len(lines) < 24 and max(map(len, lines)) <= 79, name


def test_names_are_listed(capsys):
    assert printed(capsys, "explain").split() == known_names()
    assert json.loads(printed(capsys, "explain", "--json")) == known_names()


def test_json_of_one_name(capsys):
    found = json.loads(printed(capsys, "explain", "tensorflow", "--json"))
    assert (found["axes"], found["orientation"]) == ("HWIO", "correlation")


def test_doctor_as_json(capsys, monkeypatch):
    from lasagne_flipconv.compat import doctor
    findings = [doctor.Finding("Python", "ok", "3.11.7", None)]
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    assert json.loads(printed(capsys, "doctor", "--json")) == [
        {"name": "Python", "state": "ok", "detail": "3.11.7", "mend": None}]


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("stream, environment, shown", [
    (Terminal(), {}, "\033[32mok\033[0m"), (io.StringIO(), {}, "ok"),
    (Terminal(), {"NO_COLOR": "1"}, "ok"),
    (Terminal(), {"TERM": "dumb"}, "ok")])
def test_colours_only_on_a_terminal(stream, environment, shown, monkeypatch):
    for name, value in {"NO_COLOR": "", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, environment.get(name, value))
    monkeypatch.setattr(sys, "stdout", stream)
    assert colours.coloured("ok", "green") == shown


@needs_shtab
@pytest.mark.skipif(BASH is None, reason="bash is not installed")
def test_bash_completes_commands_and_arguments(capsys, tmp_path):
    script = tmp_path / "completion"
    script.write_text(printed(capsys, "completion", "bash"))
    for words, expected in ((["dem"], "demo"), (["explain", "--js"], "--json"),
                            (["demo", "--o"], "--out")):
        typed = ["lasagne-flipconv"] + words
        lines = [". %s" % shlex.quote(str(script)),
                 "COMP_WORDS=(%s)" % " ".join(typed),
                 "COMP_CWORD=%d" % len(words),
                 "_shtab_lasagne_flipconv", "echo ${COMPREPLY[@]}"]
        done = subprocess.run([BASH, "-c", "\n".join(lines)],
                              stdout=subprocess.PIPE, check=True)
        assert done.stdout.decode().split() == [expected]


#: Arguments that are no names of files → what they are.
NO_FILES = {"NAME": "a layer or a format", "ARGUMENT": "the script's own",
            "PIP_ARGUMENT": "pip's own"}


def test_every_argument_that_is_a_file_is_completed_to_one():
    positional = {action.metavar for action in _actions(make_parser())
                  if not action.option_strings and action.choices is None}
    assert positional <= FILES | set(NO_FILES)
    assert set(NO_FILES) <= positional - FILES


@needs_shtab
@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_get_a_script_with_all_commands(shell, capsys):
    script = printed(capsys, "completion", shell)
    assert all(name in script for name in COMMANDS)


def test_completion_without_shtab_says_what_to_install(monkeypatch):
    from lasagne_flipconv.errors import FlipconvError
    monkeypatch.setitem(sys.modules, "shtab", None)
    args = make_parser().parse_args(["completion", "bash"])
    with pytest.raises(FlipconvError, match=r"\[completion\]"):
        args.run(args)




@pytest.mark.parametrize("stream, large, drawn", [
    (Terminal(), 1, True), (Terminal(), 1 << 26, False),
    (io.StringIO(), 1, False)])
def test_progress_is_drawn_on_a_terminal_for_large_files(
        stream, large, drawn, monkeypatch, tmp_path, capsys):
    from lasagne_flipconv.cli import progress
    from lasagne_flipconv.cli.digits import WEIGHTS
    monkeypatch.setattr(progress, "LARGE", large)
    monkeypatch.setattr(sys, "stderr", stream)
    for argv in (["check", str(WEIGHTS)],
                 ["convert", str(WEIGHTS), str(tmp_path / "x.npz"), "--from",
                  "convolution", "--to", "correlation"]):
        stream.truncate(0)
        printed(capsys, *argv)
        assert ("100%" in stream.getvalue()) == drawn
        assert drawn or not stream.getvalue()


def test_theano_is_installed_only_where_it_is_not(monkeypatch, capsys):
    from lasagne_flipconv.cli import theano_install
    from lasagne_flipconv.compat import doctor
    given = []
    monkeypatch.setattr(theano_install, "install_theano", given.append)
    assert main(["theano"]) == 0 and not given
    assert "Theano 1.0.5 is installed" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "installed", lambda name: None)
    assert main(["theano", "--", "--user"]) == 0 and given == [["--user"]]


def test_an_installation_that_fails_is_an_error(monkeypatch, capsys):
    from lasagne_flipconv.cli import theano_install
    from lasagne_flipconv.compat import doctor

    def fail(arguments):
        raise theano_install.InstallError("no pip")

    monkeypatch.setattr(doctor, "installed", lambda name: None)
    monkeypatch.setattr(theano_install, "install_theano", fail)
    assert main(["theano"]) == 1
    assert "lasagne-flipconv theano: no pip" in capsys.readouterr().err
