"""What `lasagne-flipconv doctor` says, on this machine and on broken ones."""
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import types
from pathlib import Path

import pytest
from lasagne_flipconv.compat import doctor, environment, products
from lasagne_flipconv import engine
from lasagne_flipconv.cli import main
from test_environment import python

NAMES = ["Python", "NumPy", "SciPy", "compiler", "compile cache", "Theano",
         "Lasagne", "BLAS", "OpenMP", "fast engine"]


@pytest.fixture
def examined(monkeypatch):
    """Return a function that examines without timing anything."""
    monkeypatch.setattr(doctor, "blas", lambda: doctor.ok("BLAS", "fast"))
    return lambda: {f.name: f for f in doctor.examine()}


def test_command_prints_a_line_each_and_succeeds_here(capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = [line for line in lines if not line.startswith(" ")]
    assert [line[8:].split("  ")[0].strip() for line in found] == NAMES
    assert not any(line.startswith("broken") for line in found)
    blas = next(line for line in found if " BLAS " in line)
    assert "GFLOP/s in Theano" in blas


def test_command_fails_where_something_is_broken(monkeypatch, capsys):
    broken = doctor.Finding("Theano", doctor.BROKEN, "gone", "mend this")
    monkeypatch.setattr(doctor, "examine",
                        lambda tell: tell(broken) or [broken])
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("broken") and "mend it with: mend this" in out


def test_every_finding_that_is_not_ok_names_a_command(monkeypatch, examined):
    monkeypatch.setattr(doctor, "find_compiler", lambda: None)
    monkeypatch.setattr(doctor, "cache_problem", lambda folder: "is full")
    monkeypatch.setattr(doctor, "installed", lambda name: "1.1.2")
    found = examined()
    assert all((f.mend is None) == (f.state == doctor.OK)
               for f in found.values())
    assert {name for name, f in found.items() if f.state == doctor.BROKEN
            } == {"compiler", "compile cache", "Theano", "BLAS", "OpenMP",
            "fast engine"}


#: Flags, what .theanorc has, OMP_NUM_THREADS → which finding, what it says,
#: and what mends it.
SET_UPS = {
    "no compiler": ("cxx=,blas.ldflags=-lblas", b"", "", "OpenMP",
                    "not looked at: it needs a compiler",
                    "remove cxx= from THEANO_FLAGS"),
    "compiler of the file": (
        "", b"\n[blas]\ncxx=\n[global]\nCXX = /nowhere/g++\n", "",
        "compiler", "/nowhere/g++ cannot be run",
        "remove cxx=/nowhere/g++ from {rc}, line 5"),
    "flag of the compiler": (
        "gcc.cxxflags=-no-such-flag", b"", "", "compiler", "no-such-flag",
        "remove gcc.cxxflags=-no-such-flag from THEANO_FLAGS"),
    "quote": ("cxx='g++", b"", "", "configuration",
              "THEANO_FLAGS: no closing quotation in ", "unset THEANO_FLAGS"),
    "encoding": ("", b"[global]\n# \xc3\xa9\n# caf\xe9\n", "",
                 "configuration", "{rc}, line 3: '# caf\ufffd'; expected text "
                 "in utf-8", "correct line 3 of {rc}"),
    "line": ("", b"[global]\nfloatX\n", "", "configuration",
             "{rc}, line 2: 'floatX'; expected 'option = value'",
             "correct line 2 of {rc}"),
    "twice": ("", b"[cuda]\n[nvcc]\n[cuda]\n", "", "configuration",
              "line 3: '[cuda]'; expected each section once",
              "correct line 3 of {rc}"),
    "option twice": ("", b"[cuda]\nroot=/a\nroot=/b\n", "", "configuration",
                     "line 3: 'root=/b'; expected each option once",
                     "correct line 3 of {rc}"),
    "no section": ("", b"floatX=float32\n", "", "configuration",
                   "'floatX=float32'; expected a section first, as [global]",
                   "correct line 1 of {rc}"),
    "value": ("floatX=float31", b"", "", "configuration",
              "THEANO_FLAGS, floatX=float31: Invalid value",
              "remove floatX=float31 from THEANO_FLAGS"),
    "value of the file": (
        "", b"[global]\nopenmp_elemwise_minsize = many\n", "",
        "configuration", "{rc}, line 2, openmp_elemwise_minsize=many: inv",
        "remove openmp_elemwise_minsize=many from {rc}, line 2"),
    "threads": ("", b"", "abc", "configuration",
                "OMP_NUM_THREADS: 'abc'; expected a whole number",
                "unset OMP_NUM_THREADS"),
    "levels of threads": ("", b"", "4,2", "configuration", "'4,2'; expected",
                          "export OMP_NUM_THREADS=4")}


@pytest.mark.parametrize("row", SET_UPS.values(), ids=list(SET_UPS))
def test_broken_set_ups_are_told_to_the_end(row, tmp_path):
    """Each in a Python of its own, as Theano reads it once."""
    flags, text, threads, name, said, mend = row
    rc = tmp_path / "theanorc"
    rc.write_bytes(text)
    out, err = python(
        "from lasagne_flipconv.cli import main\nmain(['doctor', '--json'])",
        flags, THEANORC=str(rc), OMP_NUM_THREADS=threads, PYTHONUTF8="1")
    found = {finding["name"]: finding for finding in json.loads(out)}
    assert [other for other in found if other != "configuration"] == NAMES
    assert ("configuration" in found) == (name == "configuration"), err
    assert said.format(rc=rc) in found[name]["detail"]
    assert found[name]["mend"] == mend.format(rc=rc)
    assert not any("force-reinstall" in (other["mend"] or "")
                   for other in found.values() if other["state"] == "broken")


def test_a_theano_that_is_broken_is_mended_as_this_python_can(monkeypatch):
    monkeypatch.setattr(doctor, "import_error", lambda name: OSError("torn"))
    found = doctor.theano([])
    assert (found.state, found.detail) == ("broken", "torn")
    by_us = found.mend.endswith("Theano && lasagne-flipconv theano")
    assert by_us == (sys.version_info >= (3, 12)), found.mend


def test_whatever_a_check_raises_is_told():
    found = doctor.after_theano(lambda: 1 / 0, "BLAS", [])
    assert found.detail == "not measured: division by zero" and found.mend


class Refused:
    """Refuse to write, or to map."""

    def __init__(self, number):
        self.number = number

    def __call__(self, *args, **kwargs):
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("place, name, number, said", [
    ("tempfile", "TemporaryFile", errno.EACCES, "cannot be written$"),
    ("tempfile", "TemporaryFile", errno.ENOSPC, "written: No space left"),
    ("mmap", "mmap", errno.EPERM, "from which no code runs [(]noexec[)]$")])
def test_a_compile_cache_of_no_use_is_told(monkeypatch, examined, place, name,
                                           number, said):
    monkeypatch.setattr(getattr(doctor, place), name, Refused(number))
    found = examined()
    assert re.search(said, found["compile cache"].detail)
    assert found["BLAS"].detail == "not measured: it needs a compile cache"
    for finding in (found["compile cache"], found["BLAS"]):
        assert finding.state == "broken"
        assert "base_compiledir=" in finding.mend


def test_theano_pymc_is_recognised(monkeypatch):
    monkeypatch.setattr(doctor, "installed",
                        {"Theano-PyMC": "1.1.2"}.get)
    found = doctor.theano([])
    assert found.state == doctor.BROKEN
    assert "Theano-PyMC 1.1.2" in found.detail
    assert "pip uninstall" in found.mend and doctor._THEANO in found.mend


@pytest.mark.parametrize("reason, state, text", [
    ("engine: onednn is not installed. Install it.", "slow", "not installed"),
    ("the engine is switched off", "ok", "not used: the engine is switched")])
def test_the_fast_engine_is_named(monkeypatch, reason, state, text):
    monkeypatch.setattr(engine, "why_off", lambda: reason)
    found = doctor.fast_engine()
    assert found.state == state and text in found.detail
    assert state == "ok" or "onednn-devel-cpu-gomp==2023" in found.mend


@pytest.mark.parametrize("told, state", [
    ("3", "slow"), ("2", "ok"), ("4,2", "ok"), ("", "ok")])
def test_more_threads_than_processors(monkeypatch, told, state):
    """As in a container that has the time of two."""
    monkeypatch.setattr(doctor, "processors", lambda: 2)
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    found = doctor.openmp()
    if "no -fopenmp" in found.detail:
        pytest.skip("no compiler")
    assert found.state == state
    assert state == "ok" or found.mend == "export OMP_NUM_THREADS=2"


@pytest.mark.parametrize("name, state, text", [
    ("tpu9", "broken", "DEVICE: device: 'tpu9' is none"),
    ("cpu", "ok", "PyTorch computes on cpu")])
def test_the_device_that_the_environment_names(monkeypatch, examined, name,
                                               state, text):
    """It is looked at where there is one; PyTorch computes here then."""
    pytest.importorskip("torch")
    monkeypatch.setenv(doctor.DEVICE, name)
    try:
        found = examined()
    finally:
        engine.use("theano")
    assert list(found) == NAMES + ["device"]
    found = found["device"]
    assert found.state == state and text in found.detail
    assert state == "ok" or found.mend == "unset LASAGNE_FLIPCONV_DEVICE"


@pytest.mark.parametrize("version, state", [
    ("1.20.3", "broken"), ("1.21.0", "ok"), ("1.26.4", "ok"),
    ("2.0.0", "ok"), ("2.5.5", "ok")])
def test_range_of_numpy(monkeypatch, version, state):
    monkeypatch.setattr(environment, "np",
                        types.SimpleNamespace(__version__=version))
    found = doctor.numpy()
    assert found.state == state
    assert state == "ok" or "numpy>=1.21" in found.mend


@pytest.mark.parametrize("version, state", [
    ((3, 7), "broken"), ((3, 8), "ok"), ((3, 15), "ok"), ((3, 16), "broken")])
def test_range_of_python(monkeypatch, version, state):
    monkeypatch.setattr(doctor.sys, "version_info", version)
    assert doctor.python().state == state


def test_compiler_without_headers(monkeypatch):
    monkeypatch.setattr(sysconfig, "get_paths",
                        lambda: {"include": "/nowhere"})
    path = doctor.find_compiler()
    if path:
        assert "Python.h is not in /nowhere" in doctor.compile_problem(path)


def test_compiler_that_the_user_switched_off(monkeypatch):
    monkeypatch.setenv("THEANO_FLAGS", "cxx=")
    found = doctor.compiler()
    assert found.state == doctor.BROKEN and "cxx=" in found.mend


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("system, platform", [("Linux", "linux"),
                                              ("Darwin", "darwin")])
@pytest.mark.parametrize("there", ["", "clang++", "g++"])
def test_make_looks_for_the_compilers_that_theano_does(
        there, system, platform, tmp_path, monkeypatch):
    make = shutil.which("make")
    for name in filter(None, ["uname", there]):
        (tmp_path / name).write_text("#!/bin/sh\necho %s\n" % system)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("PATH", "THEANO_FLAGS", "THEANORC", "MAKEFLAGS"):
        monkeypatch.setenv(name, str(tmp_path) if name == "PATH" else "")
    done = subprocess.run(
        [make, "VENV=" + str(tmp_path / "env"), "PYTHON=false", "install"],
        cwd=str(Path(__file__).parents[1]), stderr=subprocess.PIPE, text=True)
    assert ("no C++ compiler" in done.stderr) == (
        doctor.find_compiler() is None), done.stderr
    assert ("none of these is a Python" in done.stderr) == (
        doctor.find_compiler() is not None)


@pytest.mark.parametrize("rates, state, mend", [
    ((100, 100, 0), "ok", None),
    ((100, 100, 130), "slow", "blas.ldflags=-lopenblas"),
    ((50, 100, 0), "slow", "blas.ldflags="),
    ((2, 2, 0), "slow", "force-reinstall"),
])
def test_blas_is_judged_by_its_rate(monkeypatch, rates, state, mend):
    ours, numpy, system = rates
    monkeypatch.setattr(products, "theano_rate", lambda: ours)
    monkeypatch.setattr(products, "numpy_rate", lambda: numpy)
    monkeypatch.setattr(products, "fastest_system_blas",
                        lambda compiler: ("openblas", system))
    found = doctor.blas()
    assert found.state == state
    assert (found.mend is None) if mend is None else mend in found.mend


def test_a_compiler_that_is_not_here_links_nothing():
    assert not products.links("/nowhere/g++", ["-lm"])


def test_a_blas_that_is_not_here(monkeypatch):
    if not doctor.find_compiler():
        pytest.skip("no C++ compiler")
    blas = doctor.sys.modules["theano"].config.blas
    monkeypatch.setattr(blas, "ldflags", "-lno_such_blas")
    found = doctor.blas()
    assert found.state == doctor.BROKEN and "blas.ldflags=" in found.mend


@pytest.mark.parametrize("floatx, state", [("float64", "slow"),
                                           ("float32", "ok")])
def test_float64_is_slow(monkeypatch, floatx, state):
    theano = pytest.importorskip("theano")
    monkeypatch.setattr(engine, "why_off", lambda: None)
    monkeypatch.setattr(theano.config, "floatX", floatx)
    found = doctor.fast_engine()
    assert found.state == state and floatx in found.detail
    assert (found.mend is None) == (state == "ok")
    assert state == "ok" or "floatX=float32" in found.mend
