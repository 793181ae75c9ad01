"""The library of the engine: built once, whole, and told of where it is not.
"""
import functools
import os
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, in_new_process, names, needs_engine, tensor,
                          values)
from lasagne_flipconv import engine
from lasagne_flipconv.engine import files, library, state
from lasagne_flipconv.engine.ops.op import KINDS

pytestmark = needs_engine

USE = """
import lasagne_flipconv, theano, theano.tensor as T, numpy as np
x, w = T.ftensor4s(2)
f = theano.function([x, w], T.nnet.conv2d(x, w))
assert (f(np.ones((1, 2, 5, 5), "f"), np.ones((3, 2, 2, 2), "f")) == 8).all()
print("Convolution" in [type(n.op).__name__
                        for n in f.maker.fgraph.toposort()])
"""


@pytest.fixture
def built(monkeypatch, tmp_path):
    """Return a folder that has the library, and what is compiled anew."""
    path, compiled = library.build(), []
    folder = tmp_path / "lasagne_flipconv_engine"
    folder.mkdir()
    shutil.copy(str(path), str(folder))

    def compile_anew(onednn, target):
        compiled.append(target)
        shutil.copy(str(path), str(target))

    monkeypatch.setattr(library, "_compile", compile_anew)
    monkeypatch.setattr(library, "_load", lambda onednn, path: None)
    return folder / path.name, compiled


def build_in(folder):
    return library._build.__wrapped__(str(folder), theano.config.cxx)


def test_what_is_not_installed_is_named_as_the_package_requires_it():
    project = Path(__file__).parents[1] / "pyproject.toml"
    needed = re.findall(r'"(onednn-\S+);', project.read_text("utf-8"))
    with pytest.raises(engine.EngineError, match="no-onednn is not installed"
                       ".*'pip install %s'" % " ".join(needed)):
        library._installed_file("no-onednn", "libdnnl.so.3")


def test_kinds_of_ops_are_those_of_the_library():
    text = (library.SOURCES / "base" / "params.hpp").read_text("utf-8")
    kinds = re.findall(r"(\w+) = (\d+),", text)
    assert [int(number) for _, number in kinds] == list(KINDS.values())
    assert all(name.endswith(kind.upper())
               for (name, _), kind in zip(kinds, KINDS))


def test_one_that_is_there_is_taken(built):
    path, compiled = built
    assert build_in(path.parent.parent) == path
    assert not compiled


CODE = """
import re
from lasagne_flipconv.engine import library
library.build()
path = str(library.find().library)
with open("/proc/self/smaps") as file:
    maps = re.findall(r"r-xp.* (/.*)\\n(?:\\w+: .*\\n)*?Rss: +(\\d+)",
                      file.read())
print(*[kilobytes for name, kilobytes in maps if name == path])
"""


def test_code_that_only_loading_ran_takes_no_memory():
    kilobytes = [int(text) for text in in_new_process(CODE).split()]
    assert len(kilobytes) == 1  # 11 MB otherwise
    assert kilobytes[0] < 2000
    assert in_new_process(USE).strip() == "True"  # it is there when called


def cut(data):
    return data[:len(data) // 2]


def cut_at_the_end(data):
    return data[:-1]


def zeros(data):  # as a system that went down may leave it
    return bytes(len(data))


def one_bit(data):
    return data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]


def nothing(data):
    return b""


@pytest.mark.parametrize("damage", [cut, cut_at_the_end, zeros, one_bit,
                                    nothing])
def test_one_that_is_damaged_is_built_anew(built, damage):
    path, compiled = built
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert build_in(path.parent.parent) == path
    assert compiled == [path]
    assert path.read_bytes() == whole


def test_one_that_was_cleared_away_is_built_anew(monkeypatch, tmp_path):
    made = []

    @functools.lru_cache(maxsize=None)
    def build(compiledir, compiler):
        made.append(tmp_path / "library")
        made[-1].write_text("")
        return made[-1]

    monkeypatch.setattr(library, "_build", build)
    assert library.build() == library.build() and len(made) == 1
    made[0].unlink()
    assert library.build().exists() and len(made) == 2


def test_what_is_built_is_sealed():
    path = library.build()
    assert files.is_whole(path)
    assert not files.is_whole(path.with_name("none.so"))


def left_behind(folder, seconds):
    """Make a folder as a process leaves it that was killed, so long ago."""
    made = folder / "building-1"
    made.mkdir()
    (made / "held").write_text("")
    return made


@pytest.mark.parametrize("seconds, there", [(10, True), (3600, False)])
def test_folders_of_killed_compilations_go(built, monkeypatch, seconds, there):
    path, _ = built
    made = left_behind(path.parent, seconds)
    now = time.time()
    monkeypatch.setattr(files.time, "time", lambda: now + seconds)
    build_in(path.parent.parent)
    assert made.exists() == there


def test_folders_of_others_that_build_stay(built, monkeypatch):
    path, _ = built
    now = time.time()
    monkeypatch.setattr(files.time, "time", lambda: now + 3600)
    with files.building(path.parent) as folder:
        build_in(path.parent.parent)
        assert os.path.isdir(folder)
    assert not os.path.exists(folder)


def file_in_its_place(folder):
    folder.write_text("")


def file_above(folder):
    folder.parent.rmdir()
    folder.parent.write_text("")


def link_to_nowhere(folder):
    folder.symlink_to(folder.parent / "nowhere" / "at" / "all")


@pytest.mark.parametrize("harm", [file_in_its_place, file_above,
                                  link_to_nowhere])
def test_no_folder_to_build_in_is_told(monkeypatch, tmp_path, harm):
    folder = tmp_path / "compiledir"
    folder.mkdir()
    harm(folder / "lasagne_flipconv_engine")
    with pytest.raises(engine.EngineError,
                       match="compiledir.*cannot|cannot.*compiledir.*"
                             "base_compiledir="):
        build_in(folder)
    monkeypatch.setattr(library, "build", lambda: build_in(folder))
    monkeypatch.setitem(state._state, "broken", None)
    x, w = tensor(4), tensor(4)
    with pytest.warns(RuntimeWarning, match="cannot build its library"):
        run = theano.function([x, w], T.nnet.conv2d(x, w), mode=MODE)
    assert "Convolution" not in names(run)
    assert run(values(1, 1, 3, 3), values(1, 1, 2, 2)).shape == (1, 1, 2, 2)


def test_full_disk_is_told(built, monkeypatch):
    path, _ = built
    path.unlink()

    def full(onednn, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(library, "_compile", full)
    with pytest.raises(engine.EngineError, match="No space left"):
        build_in(path.parent.parent)


@pytest.mark.parametrize("name", [
    "comma, and blank", "colon:dollar$X", "quote'double\"", "umlaut ä €",
    "%s {} \\n", "-Wl,-rpath"])
def test_folders_of_any_name(tmp_path, name):
    home = tmp_path / name
    path = library.build()
    folder = home / ".theano" / Path(theano.config.compiledir).name
    (folder / path.parent.name).mkdir(parents=True)
    shutil.copy(str(path), str(folder / path.parent.name))
    flags = os.environ.get("THEANO_FLAGS", "")
    flags = ",".join(flag for flag in flags.split(",")
                     if flag and "compiledir" not in flag)
    assert in_new_process(USE, HOME=str(home), THEANO_FLAGS=flags) == "True\n"
    assert [p.name for p in (folder / path.parent.name).iterdir()] == [
        path.name]
    assert list(folder.glob("tmp*/*.so"))


@pytest.mark.parametrize("linker", ["c|py", "c|py_nogc", "c", "cvm",
                                    "cvm_nogc", "vm", "vm_nogc", "py"])
def test_each_linker(linker):
    x, w = tensor(4), tensor(4)
    y = T.nnet.conv2d(T.nnet.conv2d(x, w) + 1, w, subsample=(2, 1))
    arrays = values(2, 4, 9, 9), values(4, 4, 2, 3)
    expected = theano.function([x, w], y, mode=MODE)(*arrays)
    run = theano.function([x, w], y, mode=theano.Mode(linker, "fast_run"))
    assert names(run).count("Convolution") == 2
    for _ in range(2):
        np.testing.assert_array_equal(run(*arrays), expected)


def test_more_sizes_than_primitives_are_kept():
    x, w, b = tensor(4), tensor(4), T.fvector()
    y = T.nnet.relu(T.nnet.conv2d(x, w) + b.dimshuffle("x", 0, "x", "x"))
    run = theano.function([x, w, b], y, mode=MODE)
    plain = theano.function([x, w], T.nnet.conv2d(x, w), mode=MODE)
    kernel, bias = values(8, 16, 3, 3), values(8)
    memory = values(1, 16, 40, 40)
    for height in range(4, 40, 2):
        for width in range(4, 40):
            image = memory[:, :, :height, :width]
            expected = np.maximum(plain(image, kernel)
                                  + bias[:, None, None], 0)
            np.testing.assert_allclose(run(image, kernel, bias), expected,
                                       atol=1e-5)
