"""Every row of the table, as ONNX, against Lasagne."""
import numpy as np
import pytest

import leaving_cases
import leaving_runs

pytest.importorskip("onnx")


@pytest.mark.parametrize("name", leaving_cases.CASES)
def test_onnx(name, tmp_path):
    leaving_runs.check_onnx(leaving_cases.CASES[name](), tmp_path / "n.onnx")
