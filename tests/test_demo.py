"""The demo, and the data that it loads."""
import importlib.util
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_cases import in_new_process
from lasagne_flipconv.cli import demonstration as demo, digits
from lasagne_flipconv.cli import main
from test_run import flags

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def test_command_shows_what_the_wrong_way_round_costs(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    trained, naive, loaded = map(float, re.findall(r"([\d.]+) % of", out))
    assert trained == loaded > 90
    assert naive < 30
    difference = float(re.search(r"loaded: (\S+)", out).group(1))
    assert difference < 1e-5
    picture = tmp_path / "filter_and_reverse.png"
    assert str(picture) in out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_nothing_is_warned_of_where_no_flag_is_set(tmp_path):
    program = ("import warnings\nfrom lasagne_flipconv.cli import main\n"
               "with warnings.catch_warnings(record=True) as told:\n"
               "    assert main(['demo', '--out', %r]) == 0\n"
               "assert not [w for w in told if 'engine' in str(w.message)]"
               % str(tmp_path))
    in_new_process(program, THEANO_FLAGS=flags(), THEANORC=os.devnull)


def test_a_folder_that_is_not_there_is_told_before_anything_is_computed(
        tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "none")]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "none: is no folder; expected" in err


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    network = digits.build(demo.Conv2DLayer)
    assert demo.draw(network, np.zeros((8, 8))) is None


def test_data_is_small():
    sizes = [path.stat().st_size for path in digits.DATA.iterdir()]
    assert sum(sizes) < 300e3


def test_images_are_the_last_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = digits.read_images("float64")
    loaded = datasets.load_digits()
    np.testing.assert_array_equal(images[:, 0] * 16,
                                  loaded.images[-len(images):])
    np.testing.assert_array_equal(labels, loaded.target[-len(labels):])


def test_training_script_writes_the_data(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    spec = importlib.util.spec_from_file_location(
        "train_digits", EXAMPLES / "train_digits.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path, epochs=1)
    for name in (digits.WEIGHTS.name, digits.IMAGES.name):
        with np.load(tmp_path / name) as ours, np.load(
                digits.DATA / name) as theirs:
            assert list(ours) == list(theirs)
            assert all(ours[k].shape == theirs[k].shape for k in ours)
    with np.load(tmp_path / digits.WEIGHTS.name) as ours:
        assert np.abs(ours["arr_0"]).max() > 0.1
