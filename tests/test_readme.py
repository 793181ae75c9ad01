"""The README: code early, tables made by the code, clean on an index."""
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.rst").read_text(encoding="utf-8")


def long_description():
    """Return what an index of packages would show, as setup.py makes it."""
    done = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "--long-description"],
        cwd=str(ROOT), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8")


def test_there_is_code_by_line_ten():
    assert any(line.startswith(">>> ")
               for line in README.splitlines()[:10])


def test_the_two_commands_are_named():
    assert "$ make demo\n" in README and "$ make test\n" in README
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^   \$ make (\w+)$", README, re.M):
        assert re.search(r"^%s:" % target, makefile, re.M)


def test_what_is_installed_is_all_of_the_package(tmp_path):
    """An editable install hides what a wheel lacks."""
    subprocess.run([sys.executable, "setup.py", "--quiet", "build",
                    "--build-base", str(tmp_path / "base"), "--build-lib",
                    str(tmp_path / "lib")], cwd=str(ROOT), check=True)
    for folder in sorted((ROOT / "lasagne_flipconv").rglob("*")):
        if folder.is_dir() and folder.name != "__pycache__":
            assert files(folder) == files(tmp_path / "lib" /
                                          folder.relative_to(ROOT)), folder


def files(folder):
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_links_and_pictures_that_an_index_lacks_are_left_out():
    text = long_description()
    assert ".. image::" not in text
    assert not re.search(r"<[\w/.]+\.(rst|md)>`__", text)
    for kept in ("Why filters are flipped", "**58.7 %**", ">>> "):
        assert kept in text


@pytest.mark.skipif(importlib.util.find_spec("readme_renderer") is None,
                    reason="needs readme_renderer")
def test_an_index_can_render_it():
    from readme_renderer import rst
    assert rst.render(long_description())
    assert rst.render("``unfinished `link <>`__", stream=None) is None


def test_the_picture_is_small():
    pictures = list((ROOT / "docs").glob("*.png"))
    assert pictures
    assert all(path.stat().st_size < 100e3 for path in pictures)
