"""What computes is chosen: in a program, for a script, in the environment."""
import os
import subprocess
import sys
from pathlib import Path

import pytest
import theano
import theano.tensor as T
from engine_cases import in_new_process
from lasagne_flipconv import engine
from lasagne_flipconv.cli.starting import is_command
from pytorch_cases import torch

#: What only PyTorch listens to, told to Theano → what the error quotes.
FOR_PYTORCH = {"device='cuda'": {"device": "cuda"},
               "device='cpu'": {"device": "cpu"},
               "random='torch'": {"random": "torch"},
               "device='cpu', random='theano'": {"device": "cpu",
                                                 "random": "theano"}}


def on_pytorch():
    """Tell whether what is compiled now is for PyTorch."""
    x = T.fvector()
    return hasattr(theano.function([x], x + 1).fn, "program")


@pytest.mark.parametrize("told", FOR_PYTORCH)
def test_theano_is_told_what_only_pytorch_listens_to(told):
    options = FOR_PYTORCH[told]
    expected = ("engine: %s for 'theano'; expected none, .*name one of "
                "'torch' instead" % told)
    with engine.using("torch"):
        with pytest.raises(engine.EngineError, match=expected):
            engine.use("theano", **options)
        with pytest.raises(engine.EngineError, match=expected):
            with engine.using("theano", **options):
                pass
        assert on_pytorch()


def test_theano_in_a_context():
    with engine.using("torch"):
        with engine.using("theano"):
            assert not on_pytorch()
            with engine.using("torch"):
                assert on_pytorch()
        assert on_pytorch()
    assert not on_pytorch()


def test_the_variable_is_named_where_it_is_wrong():
    program = """
import os
import lasagne_flipconv
from lasagne_flipconv import engine
os.environ["LASAGNE_FLIPCONV_DEVICE"] = "tpu9"
from lasagne_flipconv.engine import machines
try:
    machines.use_device(None)
except engine.EngineError as error:
    print(error)
machines.use_device("cpu")
"""
    told = in_new_process(program)
    assert told.startswith("LASAGNE_FLIPCONV_DEVICE: device: 'tpu9' is none")


@pytest.mark.parametrize("name", ["DebugMode", "DEBUG_MODE", "NanGuardMode"])
def test_a_flag_that_names_another_mode(name):
    """It was taken in place of PyTorch, without a word."""
    told = "mode=%s names a mode of its own.*Leave out the flag" % name
    with theano.change_flags(mode=name):
        with pytest.raises(engine.EngineError, match=told):
            engine.use("torch")
        with pytest.raises(engine.EngineError, match=told):
            with engine.using("torch"):
                pass
    with theano.change_flags(mode="FAST_COMPILE"), engine.using("torch"):
        assert on_pytorch()
    assert not on_pytorch()


@pytest.mark.parametrize("name", ["DebugMode", "NanGuardMode"])
def test_a_flag_that_names_another_mode_for_a_while(name):
    """Functions that were compiled after it were Theano's."""
    with engine.using("torch"):
        with theano.change_flags(mode=name):
            assert not on_pytorch()
        assert on_pytorch()
    assert not on_pytorch()


def test_what_there_is_not_is_told():
    with pytest.raises(engine.EngineError, match="no back end 'jax'"):
        engine.use("jax")
    with pytest.raises(engine.EngineError, match="expected 'cpu' or 'cuda'"):
        engine.use("torch", device="tpu9")
    if not torch.cuda.is_available():
        with pytest.raises(engine.EngineError, match="use device='cpu'"):
            engine.use("torch", device="cuda")


def test_what_a_card_says_is_told(monkeypatch):
    """No card is at hand: what PyTorch would say is said here."""
    from lasagne_flipconv.pytorch import devices

    def says(text, kind=RuntimeError):
        def raises(*args, **kwargs):
            raise kind(text)
        return raises
    monkeypatch.setattr(torch.version, "cuda", "12.9")
    monkeypatch.setattr(devices.torch, "zeros", says(
        "The NVIDIA driver on your system is too old"))
    with pytest.raises(engine.EngineError, match="too old.*newer driver"):
        engine.use("torch", device="cuda")
    monkeypatch.setattr(devices.torch, "zeros", lambda *a, **k: None)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    devices.check_device("cuda")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_use_and_back():
    engine.use("torch")
    try:
        assert on_pytorch()
    finally:
        engine.use("theano")
    assert not on_pytorch()


def test_a_script_and_the_environment_name_a_device(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import theano, theano.tensor as T\n"
                      "x = T.fvector()\nf = theano.function([x], x + 1)\n"
                      "print(hasattr(f.fn, 'program'), f([1])[0])\n")
    done = subprocess.run(
        [sys.executable, "-m", "lasagne_flipconv", "run", "--device", "cpu",
         str(script)], stdout=subprocess.PIPE, text=True)
    assert done.stdout == "True 2.0\n"
    program = "import lasagne_flipconv\n" + script.read_text()
    assert in_new_process(program, LASAGNE_FLIPCONV_DEVICE="cpu"
                          ) == "True 2.0\n"
    done = subprocess.run(
        [sys.executable, "-m", "lasagne_flipconv", "run", "--device", "tpu9",
         str(script)], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "expected 'cpu' or 'cuda'" in done.stderr


def test_a_script_is_compiled(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import theano, theano.tensor as T\n"
                      "x = T.fvector()\nf = theano.function([x], x + 1)\n"
                      "print(bool(f.fn.compiled))\n")
    command = [sys.executable, "-m", "lasagne_flipconv", "run", "--compile"]
    done = subprocess.run(command + ["--device", "cpu", str(script)],
                          stdout=subprocess.PIPE, text=True)
    assert done.stdout == "True\n"
    done = subprocess.run(command + [str(script)], stderr=subprocess.PIPE,
                          text=True)
    assert done.returncode == 2 and "expected --device cuda" in done.stderr


#: What the environment may name that is none, or is not here → what is told.
NONE = {"bad": "'bad' is none that PyTorch knows", "mps": "'mps' is not tried",
        "cuda:x": "'cuda:x' is none", "a\x1b[2J": r"'a\x1b[2J' is none"}
if not torch.cuda.is_available():
    NONE["cuda"] = "use device='cpu'."


def with_device(name, *command):
    """Run the command where the environment names a device."""
    flags = os.environ.get("THEANO_FLAGS", "") + ",floatX=float32"
    return subprocess.run(
        [sys.executable, "-m", "lasagne_flipconv", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=dict(os.environ, LASAGNE_FLIPCONV_DEVICE=name,
                 THEANO_FLAGS=flags.strip(",")))


@pytest.mark.parametrize("name", NONE)
def test_the_command_tells_of_a_device_in_one_line(name, tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import theano\nprint('ran')\n")
    done = with_device(name, "run", str(script))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and NONE[name] in done.stderr
    assert done.stderr.startswith(
        "lasagne-flipconv run: LASAGNE_FLIPCONV_DEVICE: device: ")


def test_the_command_does_what_needs_no_such_device(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("import theano\nprint('ran')\n")
    done = with_device("bad", "run", "--device", "cpu", str(script))
    assert (done.returncode, done.stdout) == (0, "ran\n")
    done = with_device("bad", "explain", "conv2d_dnn")
    assert done.returncode == 0
    assert done.stderr.startswith("lasagne-flipconv explain: LASAGNE_FLIPCONV_"
                                  "DEVICE: ")
    assert "Theano computes" in done.stderr


def test_a_program_is_told_of_a_device_at_once(tmp_path):
    """Also one that is named like the command's package."""
    script = tmp_path / "lasagne_flipconv_train.py"
    script.write_text("import lasagne_flipconv\nprint('ran')\n")
    done = subprocess.run(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.PIPE, env=dict(
            os.environ, LASAGNE_FLIPCONV_DEVICE="bad"))
    assert done.returncode == 1 and not done.stdout
    assert "TorchError: LASAGNE_FLIPCONV_DEVICE: device: 'bad'" in done.stderr


@pytest.mark.parametrize("argv, expected", [
    (["/usr/bin/lasagne-flipconv", "run"], True),
    (["lasagne-flipconv.EXE"], True), (["/x/lasagne_flipconv.py"], False),
    (["train.py", "lasagne-flipconv"], False), ([""], False), ([], False)])
def test_what_the_command_is(argv, expected, monkeypatch):
    monkeypatch.setattr(sys, "argv", argv)
    assert is_command() is expected


@pytest.mark.parametrize("name", ["lasagne_flipconv", "other"])
@pytest.mark.parametrize("words", ["orig_argv", "/proc"])
def test_which_module_python_looks_for(words, name, monkeypatch):
    """Python before 3.10 does not tell; Linux does, in bytes."""
    monkeypatch.setattr(sys, "argv", ["-m", "lasagne_flipconv"])
    started = ["python", "-m", name, "caf\xe9"]
    if words == "orig_argv":
        monkeypatch.setattr(sys, "orig_argv", started, raising=False)
    else:
        monkeypatch.delattr(sys, "orig_argv", raising=False)
        monkeypatch.setattr(Path, "read_bytes",
                            lambda self: "\0".join(started).encode("latin-1"))
    assert is_command() is (name == "lasagne_flipconv")
