"""The documentation is complete, and says what the code says."""
import ast
import functools
import importlib.util
import inspect
import re
from pathlib import Path

import lasagne
import lasagne_flipconv
import pytest
from lasagne_flipconv import cli

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "lasagne_flipconv"


def script(name):
    """Import a script of the documentation."""
    spec = importlib.util.spec_from_file_location(name, DOCS / (name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables():
    """Return the script that makes the tables."""
    return script("tables")


@functools.lru_cache(maxsize=None)
def texts_of_the_package():
    """Return every text constant of the package, in one string."""
    return "\0".join(
        node.value for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str))


def quoted_errors():
    """Return the texts that the page of errors has as headings."""
    page = (DOCS / "errors.rst").read_text(encoding="utf-8")
    return re.findall(r"^``(.+)``\n\.+$", page, re.M)


@pytest.mark.parametrize("quoted", quoted_errors())
def test_errors_on_the_page_are_in_the_sources(quoted):
    pattern = "[^\0]*".join(re.escape(part.strip())
                            for part in quoted.split("…"))
    assert re.search(pattern, texts_of_the_package())


def test_variables_of_the_environment_are_in_the_reference():
    page = (DOCS / "reference.rst").read_text(encoding="utf-8")
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted(
        [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.cpp")])
        if path.name != "numpy2_c.py")  # a name for the compiler
    named = set(re.findall(r"\"(LASAGNE_FLIPCONV_[A-Z_]+)\"", sources))
    assert len(named) >= 6
    assert named == set(re.findall(r"LASAGNE_FLIPCONV_[A-Z_]+", page))


def test_there_are_errors_on_the_page():
    assert len(quoted_errors()) >= 15


def test_errors_that_are_not_in_the_sources_would_be_found():
    assert "this text is nowhere in the " + "package" not in (
        texts_of_the_package())


def test_tables_of_the_readme_are_as_the_code_makes_them(tables):
    text = (ROOT / "README.rst").read_text(encoding="utf-8")
    assert text.count(".. table: ") == 2
    assert tables.filled(text) == text, (
        "run: python docs/tables.py README.rst")


def test_tables_that_differ_are_replaced(tables):
    text = (".. table: supported formats\n\nold\n.. end of table\n\nrest\n")
    filled = tables.filled(text)
    assert "``.caffemodel``" in filled
    assert "old" not in filled and filled.endswith("\nrest\n")


def test_tables_have_a_row_for_every_layer_and_format(tables):
    layers = [row[0] for row in tables.supported_layers()][1:]
    assert len(layers) == 13
    assert "Deconv2DLayer" not in layers
    rows = {row[0]: row for row in tables.supported_layers()}
    assert rows["Conv2DDNNLayer"][2:5] == ("yes", "yes", "yes")
    assert rows["LocallyConnected2DLayer"][2:5] == ("no", "no", "no")


def test_where_lasagne_has_a_layer_is_true(tables):
    there = {name for name in tables.conv_layers()
             if hasattr(lasagne.layers, name)}
    versions = {"0.1"} if lasagne.__version__ == "0.1" else {"0.1", "0.2"}
    assert there == {name for name, where in tables.IN_LASAGNE.items()
                     if where in versions}


def test_help_of_every_command_is_on_a_page():
    pages = script("listings").commands()
    for name in cli.COMMANDS:
        assert "\nlasagne-flipconv %s\n---" % name in pages
        assert "usage: lasagne-flipconv %s [-h]" % name in pages


def test_every_example_is_on_a_page():
    page = script("listings").examples()
    for path in (ROOT / "examples").glob("*.py"):
        called = "\n   python examples/%s" % path.name in page
        assert called == (path.name != "common.py")


def test_every_public_name_is_in_the_reference(tmp_path):
    reference = script("reference")
    reference.write(tmp_path)
    pages = {path.stem: path.read_text(encoding="utf-8")
             for path in tmp_path.rglob("*.rst")}
    for name, module in reference.modules().items():
        here = set(re.findall(r"^\.\. auto\w+:: (\w+)$", pages[name], re.M))
        there = set(re.findall(r":obj:`lasagne_flipconv\.(\w+)`",
                               pages[name]))
        assert here | there == set(module.__all__), name
    for name in lasagne_flipconv.__all__:
        if inspect.ismodule(getattr(lasagne_flipconv, name)):
            assert "lasagne_flipconv." + name in pages
        else:
            assert ":: %s\n" % name in pages["lasagne_flipconv"]


def test_pages_that_are_linked_in_the_readme_are_there():
    text = (ROOT / "README.rst").read_text(encoding="utf-8")
    links = re.findall(r"<([^>:]+)>`__", text)
    assert len(links) >= 5
    for link in links + re.findall(r"^\.\. image:: (\S+)$", text, re.M):
        assert (ROOT / link).exists(), link


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "one.html").write_text(
        '<h1 id="top">1</h1><a href="two.html#end">2</a>'
        '<a href="two.html#start">2</a><img src="none.png">'
        '<a href="https://example.org/x">out</a><a href="#top">up</a>')
    (tmp_path / "two.html").write_text('<p id="end"><a href="one.html">1</a>')
    broken = script("check_links").broken_links(tmp_path)
    assert [link for _, link in broken] == ["two.html#start", "none.png"]
