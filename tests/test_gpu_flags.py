"""Flags of GPUs of the time: the fastest there is, and said once."""
import os
import subprocess
import sys

import pytest
from test_run import ROOT, flags, run, write

#: Flags → what is said of them, and where.
OLD = {
    "device=gpu": "device=gpu is for", "device=gpu7": "device=gpu7 is for",
    "device=gpu0,force_device=True": "device=gpu0 is for",
    "init_gpu_device=gpu1": "init_gpu_device=gpu1 is for",
    "device=cpu,init_gpu_device=gpu": "init_gpu_device=gpu is for",
    "device=cuda0": "pygpu, is not installed",
}
SHOW = """
    import theano, lasagne
    c = theano.config
    print(c.device, c.init_gpu_device == "", c.force_device, c.floatX)
    """


def imported(folder, env):
    """Run a plain program that imports this package first."""
    write(folder, "plain.py", "import lasagne_flipconv\n")
    with open(folder / "plain.py", "a") as file:
        file.write("import theano, lasagne\nprint(theano.config.device)\n")
    return subprocess.run(
        [sys.executable, "plain.py"], cwd=folder, universal_newlines=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(
            os.environ, PYTHONPATH=str(ROOT), **env))


@pytest.mark.parametrize("told", OLD)
def test_under_a_plain_import(told, tmp_path):
    result = imported(tmp_path, {"THEANO_FLAGS": flags() + "," + told})
    assert (result.returncode, result.stdout) == (0, "cpu\n"), result.stderr
    assert OLD[told] in result.stderr
    assert result.stderr.startswith("THEANO_FLAGS:1: RuntimeWarning")
    assert result.stderr.count("RuntimeWarning") == 1
    assert "Traceback" not in result.stderr


def test_in_the_file_of_everybody(tmp_path):
    write(tmp_path, ".theanorc", "[global]\nfloatX = float32\ndevice = gpu\n"
          "[nvcc]\nfastmath = True\n")
    write(tmp_path, "show.py", SHOW)
    env = {"THEANO_FLAGS": flags(), "HOME": str(tmp_path)}
    assert "theanorc:3: RuntimeWarning" in imported(tmp_path, env).stderr
    result = run(tmp_path, "show.py", env=env)
    assert result.stdout.split() == ["cpu", "True", "False", "float32"]


def test_doctor_says_it(tmp_path, monkeypatch):
    from lasagne_flipconv.compat import doctor
    monkeypatch.setenv("THEANO_FLAGS", "device=gpu3")
    found = doctor.theano([])
    assert found.state == doctor.OK and "device=gpu3 is for" in found.detail


def test_the_engine_reads_the_variable_that_the_package_does():
    """It has the name itself, as it imports nothing of the package."""
    from lasagne_flipconv.compat import theano_flags
    from lasagne_flipconv.engine import machines
    assert machines.VARIABLE == theano_flags.DEVICE


#: What a script sets → what is in force then, and what it is told.
LATE = [
    ("floatX=float32", "float32", ""),
    ("device=gpu0,floatX=float32,lib.cnmem=0.8,nvcc.fastmath=True",
     "float32", ""),
    ("compiledir=/nowhere,floatX=float32", "float32",
     "set THEANO_FLAGS=compiledir=/nowhere when"),
    ("floatX=float16,nonsense=1", "float16", "THEANO_FLAGS=nonsense=1 when"),
]


@pytest.mark.parametrize("told, floatx, said", LATE)
def test_a_script_that_sets_them_is_obeyed(told, floatx, said, tmp_path):
    write(tmp_path, "late.py", "import os\n"
          "os.environ['THEANO_FLAGS'] = %r\nimport theano\n"
          "print(theano.config.floatX)\n"
          "os.environ['THEANO_FLAGS'] = 'floatX=float64'\n"
          "print(theano.config.floatX)\n" % told)
    result = run(tmp_path, "late.py")
    assert result.stdout.split() == [floatx, floatx], result.stderr
    assert said in result.stderr if said else not result.stderr


def test_a_script_that_names_another_file_of_flags_is_obeyed(tmp_path):
    write(tmp_path, "then.rc", "[global]\nfloatX = float64\ndevice = cuda0\n"
          "mode = FAST_COMPILE\ncxx = none\n[nvcc]\nfastmath = True\n"
          "[dnn.conv]\nalgo_fwd = time_once\n[lib]\ncnmem = 0.8\n")
    write(tmp_path, "late.py", "import os\n"
          "os.environ['THEANORC'] = 'then.rc'\nimport theano\n"
          "print(theano.config.floatX, theano.config.mode)\n")
    result = run(tmp_path, "late.py", env={"THEANO_FLAGS": flags()})
    assert result.stdout.split() == ["float64", "FAST_COMPILE"], result.stderr
    assert "set THEANORC, with cxx=none, when" in result.stderr
    result = run(tmp_path, "--floatx", "float32", "late.py",
                 env={"THEANO_FLAGS": flags(mode="Mode", cxx="none")})
    assert result.stdout.split() == ["float32", "Mode"] and not result.stderr


def test_what_the_command_says_wins(tmp_path):
    write(tmp_path, "late.py", "import os\n"
          "os.environ.update(THEANO_FLAGS='floatX=float64')\n"
          "import theano\nprint(theano.config.floatX)\n")
    result = run(tmp_path, "--floatx", "float32", "late.py")
    assert result.stdout.split() == ["float32"] and not result.stderr


#: What a line of a script asks → whether it chooses by the device.
ASKED = {"if theano.config.device == 'cuda': pass": True,
         "gpu = 'gpu' in theano.config.device": True,
         "gpu = theano.config.device.startswith('gpu')": True,
         "assert theano.config.device != 'gpu'": True,
         "print(theano.config.device)": False,
         "theano.config.floatX == 'float32'": False}


@pytest.mark.parametrize("option", [[], ["--python2"]])
def test_who_chooses_by_the_device_is_warned(option, tmp_path):
    write(tmp_path, "layer.py", "import theano\n" + "\n".join(ASKED))
    write(tmp_path, "main.py", """
        import warnings
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            import layer, theano, lasagne
            x = theano.tensor.matrix()
            theano.function([x], x.sum())
        for w in told:
            if "theano.config.device is 'cpu' here" in str(w.message):
                print(w.filename[-8:] + ":" + str(w.lineno))
        """)
    result = run(tmp_path, *option, "main.py", env={"THEANO_FLAGS": flags()})
    lines = [i + 2 for i, told in enumerate(ASKED.values()) if told]
    assert result.stdout.split() == ["cpu"] + [
        "layer.py:%d" % line for line in lines], result.stderr
