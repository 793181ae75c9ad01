"""What is changed in Theano and Lasagne as they are imported."""
import ast
import builtins
import importlib
import re
import subprocess
import sys
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv.cli import theano_install
from lasagne_flipconv.compat.edits import (
    numpy2_c, numpy2_names, numpy2_rules, python_today)
from lasagne_flipconv.compat.edits.importing import Edit, EditedImport
from lasagne_flipconv.compat.numpy_names import RENAMED, old_numpy_names
from theano.tensor.nnet.conv3d2d import conv3d, get_diagonal_subtensor_view

PACKAGES = [Path(package.__file__).parent for package in (theano, lasagne)]
EDITS = (numpy2_names.EDITS + numpy2_rules.EDITS + numpy2_c.EDITS
         + python_today.PICKLERS)


@pytest.mark.parametrize("edit", EDITS, ids=range(len(EDITS)))
def test_each_edit_is_of_a_text_that_is_there(edit):
    path = PACKAGES[0].parent.joinpath(*edit.module.split("."))
    text = path.with_suffix(".py").read_text(encoding="utf-8")
    changed = edit.of(text, path)
    assert changed != text and edit.why
    assert changed.count("\n") == text.count("\n")  # lines of tracebacks
    compile(changed, str(path), "exec")


@pytest.mark.parametrize("edit", EDITS, ids=range(len(EDITS)))
def test_each_edit_uses_names_that_its_module_has(edit):
    path = PACKAGES[0].parent.joinpath(*edit.module.split("."))
    text = path.with_suffix(".py").read_text(encoding="utf-8")
    before, after = names(text), names(edit.of(text, path))
    module = vars(importlib.import_module(edit.module))
    assert {name for name, of in after - before if of is None} <= (
        set(module) | set(vars(builtins)))
    numpy = numpy2_names.numpy_before_2()
    assert all(hasattr(numpy, name) for name, of in after - before
               if of == "np")


def names(text):
    """Return the names that are looked up in a text, each with of what."""
    nodes = list(ast.walk(ast.parse(text)))
    return {(node.id, None) for node in nodes if isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)} | {
        (node.attr, getattr(node.value, "id", getattr(
            node.value, "attr", "")))
        for node in nodes if isinstance(node, ast.Attribute)}


def test_an_edit_of_another_version_is_refused():
    edit = Edit("some.module", "old", "new", "why")
    for text in ("nothing", "old and old"):
        with pytest.raises(ImportError, match="module.py.*expected once") as e:
            edit.of(text, "module.py")
        assert e.value.name == "some.module"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return the folder of a package, which imports can find."""
    folder = tmp_path / "some_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "one.py").write_text(
        "import numpy as np\nimport gone_module\n"
        "from gone_module import part\nimport os.path\nx = 1\n"
        "y = np.mark, gone_module.part, part\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [n for n in sys.modules if n.startswith("some_package")]:
        del sys.modules[name]


def imported(new="x = 2", mends=()):
    """Import the module anew, with an edit and stand-ins."""
    for name in [n for n in sys.modules if n.startswith("some_package")]:
        del sys.modules[name]
    stand_ins = {"numpy": python_today.module("numpy", mark="lent"),
                 "gone_module": python_today.module("gone", part=7)}
    hook = EditedImport(("some_package",), [
        Edit("some_package.one", "x = 1", new, "for the test")], stand_ins,
        dict(mends))
    hook.install()
    try:
        import some_package.one
        return some_package.one
    finally:
        hook.remove()


def test_a_module_is_imported_with_edits_and_stand_ins(package):
    seen = []
    module = imported(mends={"some_package.one": seen.append})
    assert module.x == 2 and module.y == ("lent", 7, 7)
    assert seen == [module] and module.os.path.join
    assert "gone_module" not in sys.modules and not hasattr(np, "mark")


def test_a_package_that_was_installed_editable_is_imported_with_edits(
        package, monkeypatch):
    """Its folder is not on the path: a hook of its own finds it."""
    class Editable:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "some_package":
                return importlib.util.spec_from_file_location(
                    name, str(package / "__init__.py"))
            return None

    monkeypatch.setattr(sys, "path", [p for p in sys.path
                                      if p != str(package.parent)])
    with pytest.raises(ModuleNotFoundError, match="some_package"):
        imported()
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Editable])
    module = imported()
    assert module.x == 2 and module.y == ("lent", 7, 7)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("new", ["x = 2", "x = '\\d' is 'e'"])
def test_an_old_text_does_not_warn(package, new):
    """Escapes and `is` that Python warns of, in an edited text or another."""
    for name in ("__init__", "one"):
        with open(package / (name + ".py"), "a") as file:
            file.write("z = '\\m' is 'n'\n")
    assert imported(new).z is False


def test_what_was_compiled_is_kept_until_something_changes(package,
                                                           monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert imported().x == 2
    kept, = (package / "__pycache__").glob("one.*flipconv*.pyc")
    before = kept.read_bytes()
    assert imported().x == 2 and kept.read_bytes() == before
    assert imported("x = 3").x == 3  # another edit
    (package / "one.py").write_text("x = 1\nz = 5  # another text\n")
    assert imported("x = 3").z == 5
    kept.write_bytes(kept.read_bytes()[:30])  # a disk that was full
    assert imported("x = 3").z == 5


def test_a_module_that_shall_not_be_found_is_not():
    lent = EditedImport((), [], {"numpy.gone": None}, {}).builtins
    with pytest.raises(ModuleNotFoundError, match="numpy.gone"):
        lent["__import__"]("numpy.gone")
    assert lent["__import__"]("numpy.linalg").linalg is np.linalg
    assert lent["__import__"]("numpy", fromlist=["linalg"]) is np


#: What the text of Theano has for other Pythons, in comments and in tests.
NOT_CALLED = {
    "B", "RandomState", "_mklinit", "cholesky", "diagonal", "nans",
    "ndarrays", "scalar", "searchsorted", "seterr_all", "seterr_divide",
    "seterr_invalid", "seterr_over", "seterr_under", "tile", "uniform",
    "getbuffer",  # where there is no Python 3
    "distutils",  # lent by name
}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_numpy_that_they_see_has_all_names_that_they_use(package):
    lent, used = numpy2_names.numpy_before_2(), set()
    for path in package.rglob("*.py"):
        used.update(re.findall(r"\b(?:np|numpy)\.([A-Za-z_]\w*)",
                               path.read_text(encoding="utf-8")))
    missing = {name for name in used if not hasattr(lent, name)}
    assert missing <= NOT_CALLED
    assert len(used) > 10


def test_old_names_are_what_they_were():
    names = old_numpy_names()
    assert [names[n] for n in ("int", "bool", "long", "unicode")] == [
        int, bool, int, str]
    lent = numpy2_names.same_numpy()
    assert lent.cast["int8"]([1.7]).tolist() == [1]
    assert lent.product([2, 3]) == 6 and lent.NINF == -np.inf
    assert lent.find_common_type([], ["int8", "float32"]) == "float32"
    assert lent.find_common_type(["int64"], ["float16"]) == "float64"
    assert lent.find_common_type(["float32"], ["int64"]) == "float32"
    assert lent.asfarray([1]).dtype == "float64"
    for name in RENAMED:
        assert hasattr(lent, name) or name in ("DataSource",)


def test_numpy_itself_is_not_touched():
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", (
        "import numpy; before = dict(vars(numpy)); import lasagne_flipconv\n"
        "changed = {n for n in vars(numpy) if vars(numpy)[n] is not "
        "before.get(n)}\nfrom lasagne_flipconv.compat import edits\n"
        "print(edits.is_needed(), sorted(n for n in changed if n in "
        "('bool', 'int', 'product', 'array', 'asarray')))")],
        stdout=subprocess.PIPE, universal_newlines=True, check=True,
        cwd=str(Path(__file__).resolve().parents[1]))
    needed, _, changed = run.stdout.partition(" ")
    assert (needed == "True") <= (changed.strip() == "[]"), run.stdout


def test_theano_dumps_and_loads_shared_variables(tmp_path):
    from theano.misc import pkl_utils
    shared = theano.shared(np.arange(3.0), name="w")
    with open(str(tmp_path / "dumped.zip"), "wb") as file:
        pkl_utils.dump([shared, "text"], file)
    with open(str(tmp_path / "dumped.zip"), "rb") as file:
        again, text = pkl_utils.load(file)
    assert again.name == "w" and text == "text"
    assert again.get_value().tolist() == [0, 1, 2]


# --- C++ --------------------------------------------------------------------

class Rows(T.subtensor.AdvancedIncSubtensor1):
    """The Op with the C++ that is put in for NumPy 2, on every NumPy."""

    def c_support_code(self):
        return numpy2_c.inc_rows_code()

    def c_code_cache_version(self):
        return ()


ROWS = [np.array([2, 0, 2, 2]), np.array([-1, 1, -4]), np.array([], int)]
SHAPES = [((4,), (1,)), ((4,), ()), ((4, 3), None), ((4, 3), (3,)),
          ((4, 2, 3), (1, 2, 1)), ((4, 0), (1, 1))]


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32",
                                   "float64", "complex64"])
@pytest.mark.parametrize("change", ["set", "inc"])
def test_rows_are_changed_as_numpy_changes_them(dtype, change):
    x, y, rows = (T.TensorType(dtype, (False,) * 3)(),
                  T.TensorType(dtype, (True, False, False))(), T.lvector())
    compiled = theano.function([x, y, rows], Rows(
        set_instead_of_inc=change == "set")(x, y, rows))
    rng = np.random.RandomState(4)
    for index in ROWS:
        value = (rng.uniform(-9, 9, (4, 5, 3)) * 3).astype(dtype)[:, ::2]
        given = rng.uniform(-9, 9, (1, 3, 3)).astype(dtype)[:, :, ::-1]
        expected = value.copy()
        if change == "set":
            expected[index] = given
        else:
            np.add.at(expected, index, given)
        assert np.array_equal(compiled(value, given, index), expected)


@pytest.mark.parametrize("x_shape, y_shape", SHAPES)
@pytest.mark.parametrize("index", ROWS, ids=len)
def test_values_are_broadcast_over_rows(x_shape, y_shape, index):
    y_shape = (len(index),) + x_shape[1:] if y_shape is None else y_shape
    value = np.arange(np.prod(x_shape, dtype=int)).reshape(x_shape) * 1.5
    given = np.arange(np.prod(y_shape, dtype=int)).reshape(y_shape) + 0.25
    x, y = [T.TensorType("float64", tuple(n == 1 for n in a.shape))()
            for a in (value, given)]
    expected = value.copy()
    np.add.at(expected, index, given)
    rows = T.lvector()
    got = theano.function([x, y, rows], Rows()(x, y, rows))(
        value, given, index)
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("index", [4, -5])
def test_rows_out_of_bounds_are_refused(index):
    x, rows = T.dvector(), T.lvector()
    changed = theano.function([x, rows], Rows()(x, x[:1], rows))
    with pytest.raises(IndexError, match="index %d is out of" % index):
        changed(np.zeros(4), [0, index])


def test_values_of_another_shape_are_refused():
    x, y, rows = T.dmatrix(), T.dmatrix(), T.lvector()
    changed = theano.function([x, y, rows], Rows()(x, y, rows))
    with pytest.raises(ValueError, match="axis 1 .* 2 elements; expected 1 "
                                         "or 3"):
        changed(np.zeros((4, 3)), np.zeros((2, 2)), [0, 1])


def test_diagonals_of_conv3d2d_are_views():
    x = np.arange(20).reshape(5, 4)
    view = get_diagonal_subtensor_view(x, 0, 1)
    assert np.shares_memory(view, x)
    assert view.tolist() == [[12, 9, 6, 3], [16, 13, 10, 7]]
    signals, filters = np.ones((1, 4, 1, 3, 3)), np.ones((1, 2, 1, 2, 2))
    volume = T.TensorType(theano.config.floatX, (False,) * 5)
    x, w = volume(), volume()
    y = conv3d(x, w).eval({x: signals.astype(x.dtype),
                           w: filters.astype(w.dtype)})
    assert y.shape == (1, 3, 1, 2, 2) and (y == 8).all()


def test_changes_of_generated_text():
    assert numpy2_c.edited("axis = NPY_MAXDIMS;") == "axis = NPY_RAVEL_AXIS;"
    assert numpy2_c.edited("PyInt_AsLong(x)") == "PyLong_AsLong(x)"
    assert "npy_float32 real" in numpy2_c.edited(
        "struct theano_complex64 : public npy_complex64\n  {")
    assert numpy2_c.edited("int NPY_MAXDIMS_LEGACY;") == (
        "int NPY_MAXDIMS_LEGACY;")


# --- the installation -------------------------------------------------------

def test_theano_is_installed_by_its_hash(monkeypatch):
    calls = []

    def run(command, env):
        folder = env.get("PYTHONPATH")
        texts = ([path.read_text() for path in sorted(Path(folder).iterdir())
                  if path.suffix in (".py", ".txt")]
                 if "SETUPTOOLS_USE_DISTUTILS" in env else [])
        calls.append((command, texts))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.delenv("SETUPTOOLS_USE_DISTUTILS", raising=False)
    monkeypatch.setattr(subprocess, "run", run)
    theano_install.install_theano(["--user"], python="some-python")
    (_, built), (command, texts), (six, _) = calls
    assert command[:4] == ["some-python", "-m", "pip", "install"]
    assert {"--require-hashes", "--no-build-isolation", "--no-deps",
            "--user"} <= set(command)
    assert "sha256" in texts[0] and "SafeConfigParser" in texts[1]
    assert "setuptools" in built[0] and "--user" not in calls[0][0]
    assert six[-2:] == ["six>=1.16", "--user"]
    scope = {}
    exec(theano_install.NAMES, scope)
    assert scope["configparser"].SafeConfigParser().readfp


def test_an_installation_that_fails_says_what_and_how():
    with pytest.raises(theano_install.InstallError,
                       match="expected 0.*ensurepip"):
        theano_install.install_theano(python="false")
