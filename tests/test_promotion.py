"""Types and values of small graphs are those of NumPy 1.26, on every NumPy."""
import json
import warnings
from pathlib import Path

import numpy as np
import promotion
import pytest

EXPECTED = json.loads(
    (Path(__file__).parent / "promotion.json").read_text())
CASES = promotion.every(31)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_as_with_numpy_1(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = json.loads(json.dumps(promotion.outcome(CASES[name])))
    expected = of_this_numpy(name)
    assert promotion.same(found, expected), (found, expected)


def of_this_numpy(name):
    """Return what is expected; until 1.25, 0 to a complex power was NaN."""
    before = tuple(map(int, np.__version__.split(".")[:2])) < (1, 25)
    if not before or not name.startswith("pow "):
        return EXPECTED[name]
    return json.loads(json.dumps(EXPECTED[name]).replace(
        '"0j"', '"(nan+nanj)"'))


def test_all_cases_are_there():
    assert set(EXPECTED) == set(CASES)


@pytest.mark.parametrize("one, other, equal", [
    ([["float32", [1], ["1.0"]]], [["float64", [1], ["1.0"]]], False),
    ([["float32", [1], ["1.0"]]], [["float32", [1], ["1.0000001"]]], True),
    ([["float32", [1], ["1.0"]]], [["float32", [1], ["1.01"]]], False),
    ([["int8", [1], ["1"]]], ["raises", "TypeError"], False),
    (["raises", "ValueError"], ["raises", "TypeError"], True)])
def test_what_counts_as_the_same(one, other, equal):
    assert promotion.same(one, other) is equal
