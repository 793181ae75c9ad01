"""Every row of the table, as ONNX and in PyTorch, against Lasagne."""
import pytest

import files
import leaving_cases
import leaving_runs



@pytest.mark.skipif(not files.has("onnx"), reason="onnx is not installed")
@pytest.mark.parametrize("name", leaving_cases.CASES)
def test_onnx(name, tmp_path):
    leaving_runs.check_onnx(leaving_cases.CASES[name](), tmp_path / "n.onnx")


@pytest.mark.skipif(not files.has("torch"), reason="torch is not installed")
@pytest.mark.parametrize("name", leaving_cases.CASES)
def test_torch(name):
    leaving_runs.check_torch(leaving_cases.CASES[name]())
