"""Each example runs to its end on small data, and shows what it claims."""
import importlib
import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py")
               if path.stem != "common")
#: An example that needs something and does not find it.
NEEDY = """
from common import fetched, needed
with needed("a library"):
    import %s
fetched("a", "%s/a", "sha256:" + 64 * "0")
"""

#: What the MTCNN of facenet-pytorch 2.6.0 finds with min_face_size=40 on the
#: same photograph: its probability there is 0.99999.
FACENET_BOX = np.array([180.32, 60.71, 268.40, 172.17])
FACENET_LANDMARKS = np.array([[205.37, 101.48], [246.86, 103.11],
                              [225.06, 129.24], [201.15, 139.58],
                              [245.14, 141.09]])


def has(name):
    """Tell whether a library is installed."""
    return importlib.util.find_spec(name) is not None


def needs(*names):
    """Skip a test by name where it lacks a library."""
    missing = [name for name in ("matplotlib",) + names if not has(name)]
    return pytest.mark.skipif(bool(missing), reason="needs " + ", ".join(
        missing))


def example(name):
    """Import an example."""
    return importlib.import_module(name)


def check_picture(path):
    """Check that a picture is as wide as a README, and not empty."""
    from matplotlib.image import imread
    image = imread(str(path))[..., :3]
    assert 700 <= image.shape[1] <= 900
    assert image.std() > .05


def difference(one, other):
    """Return the largest difference of two arrays."""
    return np.abs(one - other).max()


def cifar_is_there():
    """Tell whether the sample and the weights lie next to the project."""
    data = EXAMPLES.parents[1] / "shared" / "data"
    return (data / "cifar10_sample.npz").exists()


def mtcnn_is_there():
    """Tell whether the weights of MTCNN are installed or in the cache."""
    cache = Path.home() / ".cache" / "lasagne_flipconv" / "mtcnn"
    return has("mtcnn") or cache.exists()


def test_every_example_has_a_test():
    tests = [name for name in globals() if name.startswith("test_")]
    for name in NAMES:
        assert any(test.startswith("test_" + name) for test in tests), name


@pytest.mark.parametrize("lack, url, told", [
    ("no_such_library", "", "left out: needs a library (ModuleNotFoundError"),
    ("json", "http://127.0.0.1:9", "left out: needs a from http://127.0.0.1"),
    ("json", "http://[", "left out: needs a from http://["),
])
@needs("pooch")
def test_run_all_goes_on_where_something_is_missing(
        tmp_path, capfd, lack, url, told):
    (tmp_path / "needy.py").write_text(NEEDY % (lack, url))
    (tmp_path / "wrong.py").write_text("1 / 0")
    (tmp_path / "right.py").write_text("print('here')")
    os.environ["PYTHONPATH"], old = os.pathsep.join(
        [str(EXAMPLES), *sys.path]), os.environ.get("PYTHONPATH", "")
    try:
        found = example("run_all").main("out", ("needy", "wrong", "right"),
                                        tmp_path)
    finally:
        os.environ["PYTHONPATH"] = old
    assert found == {"needy": "left out", "wrong": "failed", "right": "ran"}
    out, err = capfd.readouterr()
    assert out.endswith("== summary\n%-16s left out\n%-16s failed\n%-16s ran\n"
                        % tuple(found))
    assert [line for line in err.splitlines()
            if line.startswith("needy.py: " + told)]
    assert err.count("Traceback") == 1  # of the one that is wrong


def test_run_all_names_each_example_but_the_one_that_makes_data():
    assert sorted(example("run_all").NAMES) == [
        name for name in NAMES if name not in ("run_all", "train_digits")]


@needs("skimage")
def test_sobel(tmp_path, capsys):
    from scipy import signal
    sobel = example("sobel")
    found = sobel.main(tmp_path, size=40)
    image = sobel.photograph(40)
    assert difference(found["Sobel", "convolution"], signal.convolve2d(
        image, sobel.SOBEL, "same")) < 1e-5
    assert difference(found["Sobel", "correlation"], signal.correlate2d(
        image, sobel.SOBEL, "same")) < 1e-5
    assert difference(found["Sobel", "convolution"],
                      found["reversed", "correlation"]) == 0
    assert difference(found["Sobel", "convolution"],
                      found["Sobel", "correlation"]) > 1
    text = capsys.readouterr().out
    echo = "0.00 0.00 0.00 0.00 1.00 0.60 0.36 0.22 0.13"
    assert "convolution of a unit impulse: " + echo in text
    assert "correlation of a unit impulse: " + " ".join(
        echo.split()[::-1]) in text
    check_picture(tmp_path / "sobel.png")
    check_picture(tmp_path / "sobel_1d.png")


@pytest.mark.skipif(not cifar_is_there(), reason="needs the CIFAR-10 sample")
@needs("pooch")
def test_cifar10_resnet(tmp_path, capsys):
    assert example("cifar10_resnet").main(tmp_path, limit=9) < 1e-5
    text = capsys.readouterr().out
    assert "loaded with orientation='correlation'                0.00" in text
    assert "Conv2DLayer, values simply copied                   55.56" in text
    assert text.count("frog, ") == 4
    check_picture(tmp_path / "cifar10_resnet.png")


@pytest.mark.skipif(not mtcnn_is_there(), reason="needs mtcnn's weights")
@needs("skimage", "pooch")
def test_faces(tmp_path):
    faces = example("faces")
    results = faces.main(tmp_path)
    found, stages = results["correlation"]
    assert len(found.boxes) == 1 and found.scores[0] > .99
    assert faces.overlap(FACENET_BOX, found.boxes)[0] > .9
    distances = np.linalg.norm(found.landmarks[0] - FACENET_LANDMARKS, axis=1)
    assert distances.max() < 3
    found, stages = results["convolution"]
    assert len(stages[0]) > 0 and len(found.boxes) == 0
    check_picture(tmp_path / "faces.png")


@needs("sklearn")
def test_c3d(tmp_path):
    found = example("c3d").main(tmp_path, epochs=1, count=60)
    trained, mm, conv, naive, backwards = found.values()
    assert max(difference(trained, mm), difference(trained, conv)) < 1e-5
    assert difference(naive, backwards) < 1e-5
    assert difference(trained, naive) > 1e-3
    check_picture(tmp_path / "c3d.png")


@needs("sklearn")
def test_autoencoder(tmp_path, capsys):
    found = example("autoencoder").main(tmp_path, epochs=1, count=100)
    trained, transferred, copied, mixed = found.values()
    assert difference(trained, transferred) < 1e-5
    assert min(difference(trained, copied), difference(trained, mixed)) > 1e-3
    assert "encoder2.W and decoder2.W: share one" in capsys.readouterr().out
    check_picture(tmp_path / "autoencoder.png")


@needs("skimage")
def test_recipes_vgg16(tmp_path, capsys):
    from lasagne.layers import set_all_param_values
    from lasagne_flipconv.weights.checkpoint import read_npz
    from lasagne_flipconv.layers import Conv2DDNNLayer
    vgg = example("recipes_vgg16")
    right, wrong = vgg.main(tmp_path, thinner=32, size=32).values()
    assert "all weights are random" in capsys.readouterr().out
    path = tmp_path / "random.pkl"
    vgg.write_random(path, 32, 32)
    saved = vgg.build(Conv2DDNNLayer, 32, 32)
    set_all_param_values(saved, [vgg.in_float(v) for v in read_npz(path)])
    with vgg.read(path) as checkpoint:
        known = checkpoint.metadata
    image, x = vgg.prepared(vgg.data.chelsea(), known["mean value"], 32)
    expected = vgg.top5(saved, x, known["synset words"])
    assert [name for name, _ in right] == [name for name, _ in expected]
    assert [name for name, _ in right] != [name for name, _ in wrong]
    check_picture(tmp_path / "recipes_vgg16.png")


def test_fine_tune(tmp_path, capsys):
    fine_tune = example("fine_tune")
    curves = fine_tune.main(tmp_path, epochs=20,
                            bodies=tuple(fine_tune.BODIES)[:2])
    right, wrong = curves.values()
    assert right[-1] > wrong[-1] + 5
    text = capsys.readouterr().out
    assert "turned: conv1.W, conv2.W" in text and "turned: nothing" in text
    assert text.count("left as they were: loop.W, loop.b") == 2
    assert text.count("the body is as it was") == 2
    check_picture(tmp_path / "fine_tune.png")


@needs("sklearn")
def test_train_digits(tmp_path):
    from lasagne_flipconv.cli import digits
    from lasagne_flipconv import load
    from lasagne_flipconv.layers import Conv2DLayer
    example("train_digits").main(tmp_path, epochs=1)
    record = load(tmp_path / digits.WEIGHTS.name, digits.build(Conv2DLayer),
                  orientation="convolution")
    assert len(record.copied) == 6
    with np.load(tmp_path / digits.IMAGES.name) as images:
        assert images["x"].shape == (450, 1, 8, 8)
