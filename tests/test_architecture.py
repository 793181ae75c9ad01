"""The package is built as the page "How it is built" says."""
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs"))
import rooms  # noqa: E402

MODULES = rooms.modules()
IMPORTS = {name: rooms.imports(name, path, MODULES)
           for name, path in MODULES.items()}
#: Files of Python in a folder, and entries at the top beside the door.
MOST = 12


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


def circle_from(name, path=()):
    """Return a circle of imports that a module is in, or None."""
    if name in path:
        return path[path.index(name):] + (name,)
    if name in circle_from.done:
        return None
    for other in IMPORTS[name]:
        found = circle_from(other, path + (name,))
        if found:
            return found
    circle_from.done.add(name)
    return None


def test_no_circles():
    circle_from.done = set()
    for name in MODULES:
        if rooms.room_of(name):
            assert circle_from(name) is None


def test_few_files_in_a_folder():
    folders = Counter(path.parent for path in MODULES.values())
    assert max(folders.values()) <= MOST + 1  # and the door
    top = [path for path in rooms.PACKAGE.iterdir()
           if path.name != "__pycache__" and path.stem not in rooms.DOOR]
    assert len(top) <= MOST, sorted(path.name for path in top)


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
