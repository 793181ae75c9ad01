"""The package is built as the page "How it is built" says."""
import importlib
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from engine_cases import in_new_process
from lasagne_flipconv.compat import moved

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs"))
import rooms  # noqa: E402

MODULES = rooms.modules()
IMPORTS = {name: rooms.imports(name, path, MODULES)
           for name, path in MODULES.items()}
#: Files of Python in a folder beside the door.
MOST = 12
#: At the top: the rooms.


def test_every_module_is_in_a_room():
    assert {rooms.room_of(name) for name in MODULES} == {"", *rooms.ROOMS}


@pytest.mark.parametrize("room", rooms.ROOMS)
def test_a_room_imports_what_the_table_says(room):
    """Neither more nor less, so that the table does not grow old."""
    found = {rooms.room_of(other) for name in MODULES
             if rooms.room_of(name) == room for other in IMPORTS[name]}
    assert found - {room, ""} == set(rooms.ROOMS[room][2])


def test_rooms_import_downwards():
    for room, ((floor, _), _, needs) in rooms.ROOMS.items():
        assert all(rooms.ROOMS[other][0][0] < floor for other in needs), room


def test_no_circles():
    """Whatever imports nothing that is left can be taken away, to the end."""
    left = {name: found for name, found in IMPORTS.items()
            if rooms.room_of(name)}
    free = True
    while free:
        free = [name for name, found in left.items() if not found & set(left)]
        for name in free:
            del left[name]
    assert not left


def test_few_files_in_a_folder():
    folders = Counter(path.parent for path in MODULES.values())
    assert max(folders.values()) <= MOST + 1  # and the door
    top = [path for path in rooms.PACKAGE.iterdir()
           if path.name != "__pycache__" and path.stem not in rooms.DOOR]
    for kind in (Path.is_dir, Path.is_file):  # rooms; what is below them
        found = sorted(path.name for path in top if kind(path))
        assert len(found) <= MOST, found


def test_the_sources_of_the_engine_include_downwards():
    found = rooms.includes()
    assert found.keys() == rooms.SOURCES.keys()
    order = list(rooms.SOURCES)
    for name, others in found.items():
        assert others <= set(order[:order.index(name)]), name
    files = Counter(path.parent.name for path in rooms.PACKAGE.glob(
        "engine/src/*/*"))
    assert max(files.values()) <= MOST, files


@pytest.mark.parametrize("path", sorted(
    rooms.PACKAGE.glob("engine/src/**/*.[hc]pp")), ids=lambda path: path.name)
def test_no_processor_lacks_a_header(path):
    """What only some include, others that need it would not have."""
    depth = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        depth += line.startswith("#if") - line.startswith("#endif")
        assert not (depth and line.startswith('#include "')), line
    assert depth == 0


def test_files_can_be_read_in_one_go():
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines())
             for end in ("py", "cpp", "hpp")
             for path in rooms.PACKAGE.rglob("*." + end)}
    assert {name: n for name, n in lines.items() if n > 400} == {}


@pytest.mark.parametrize("name", [name for name, path in MODULES.items()
                                  if path.name == "__init__.py" and name])
def test_each_room_says_what_it_is_for(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert text.startswith('"""') and len(text.split('"""')[1]) > 40


def test_the_engine_does_not_know_the_package():
    """It can be taken out, and another be put beside it."""
    assert {rooms.room_of(other) for name in MODULES
            if rooms.room_of(name) == "engine"
            for other in IMPORTS[name]} == {"engine"}


@pytest.mark.parametrize("name", moved.MOVED)
def test_modules_go_on_to_have_the_names_that_they_had(name):
    module = importlib.import_module(name)
    assert module is importlib.import_module(moved.MOVED[name])
    assert module.__name__ == module.__spec__.name == moved.MOVED[name]


def test_a_name_that_a_function_has_stays_the_function_s():
    program = (
        "import sys, lasagne_flipconv\n"
        "print([m for m in sys.modules if '.weights' in m])\n"
        "import lasagne_flipconv.transfer\n"
        "from lasagne_flipconv.transfer import TransferRecord, transfer\n"
        "print(lasagne_flipconv.transfer is transfer)\n"
        "print(TransferRecord.__module__)\n")
    assert in_new_process(program).split() == [
        "[]", "True", "lasagne_flipconv.weights.applying"]


def test_nothing_needs_the_way_out():
    """It can be taken out: only the command and the door know it."""
    assert {room for room, (_, _, needs) in rooms.ROOMS.items()
            if "leaving" in needs} == {"cli"}


def test_what_writes_does_not_know_lasagne():
    """The adapters take plans: parts, arrays and options."""
    for name, path in MODULES.items():
        if name.startswith(("leaving.onnx_model", "leaving.torch_module")):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^ *(import|from) (lasagne|theano)\b", text,
                                 re.M), name
            assert not {rooms.room_of(other) for other in IMPORTS[name]} - {
                "leaving"}, name
