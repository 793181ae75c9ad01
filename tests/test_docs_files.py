"""The examples in the guide to weight files run and print what they say."""
import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("name", ["load_weights.rst", "which_way_round.rst"])
def test_examples_of(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(DOCS / name), module_relative=False,
                                     encoding="utf-8",
                                     optionflags=doctest.ELLIPSIS)
    assert tried > 5 and not failed
