"""Small geometries of pooling, all of them, against Theano."""
from itertools import product

import numpy as np
import pytest
from lasagne.layers import InputLayer
from lasagne_flipconv.layers import Pool2DLayer
from lasagne_flipconv.leaving.planning import Source, plan_of

import cases
import files
import leaving_runs

#: Sizes of the input, of a region, and its stride, along one axis; the other
#: axis has the next geometry of the list.
GEOMETRIES = [(size, region, stride) for size, region, stride in product(
    range(1, 8), range(1, 5), range(1, 5)) if size >= 1]


def network(one, other, mode, ignore_border):
    sizes, regions, strides = zip(one, other)
    return Pool2DLayer(InputLayer((None, 2) + sizes), regions, strides,
                       ignore_border=ignore_border, mode=mode)


def models(plan):
    """Return functions that compute a plan, in ONNX Runtime and PyTorch."""
    if files.has("onnx"):
        from lasagne_flipconv.leaving.onnx_model import building
        graph = building.graph_of(plan)
        yield building.runner(building.build(plan, graph, "0", {}))
    if files.has("torch"):
        from lasagne_flipconv.leaving.torch_module import building, source
        module = building.instance_of(source.program_of(plan))
        yield building.runner(module, [put.name for put in plan.inputs])


@pytest.mark.parametrize("mode", ["max", "average_inc_pad",
                                  "average_exc_pad", "sum"])
@pytest.mark.parametrize("ignore_border", [True, False])
def test_small_geometries(mode, ignore_border):
    compared = 0
    for i, one in enumerate(GEOMETRIES):
        net = network(one, GEOMETRIES[(5 * i + 3) % len(GEOMETRIES)], mode,
                      ignore_border)
        if min(net.output_shape[1:]) < 1:
            continue
        x = cases.values((2,) + net.input_shape[1:], i, "float32") - .5
        expected = reference(x, net)
        for run in models(plan_of(Source(net, "pool"))):
            got, = run({"InputLayer#0": x})
            assert got.shape == expected.shape == (2,) + net.output_shape[1:]
            np.testing.assert_allclose(got, expected, 1e-6, 1e-6)
            compared += 1
    assert compared > 60


def reference(x, net):
    """Pool by loops over the regions, as Theano does."""
    out = np.zeros((2,) + net.output_shape[1:], "float32")
    reduce = {"max": np.max, "sum": np.sum}.get(net.mode, np.mean)
    for i, j in np.ndindex(out.shape[2:]):
        part = x[:, :, i * net.stride[0]:i * net.stride[0]
                 + net.pool_size[0], j * net.stride[1]:j * net.stride[1]
                 + net.pool_size[1]]
        out[:, :, i, j] = reduce(part, axis=(2, 3))
    return out


@pytest.mark.parametrize("mode", ["max", "average_exc_pad", "sum"])
def test_the_reference_is_theano_s(mode):
    for one, other in (((5, 3, 2), (7, 2, 3)), ((1, 4, 2), (6, 3, 4))):
        net = network(one, other, mode, False)
        x = cases.values((2,) + net.input_shape[1:], 3, "float32")
        np.testing.assert_allclose(leaving_runs.run_theano(net, [x]),
                                   reference(x, net), atol=1e-6)


@pytest.mark.parametrize("pad", [1, 2])
@pytest.mark.parametrize("mode", ["max", "average_inc_pad"])
def test_padding_of_more_than_half_a_region(mode, pad, tmp_path):
    net = Pool2DLayer(InputLayer((None, 2, 6, 7)), 3, 2, pad, mode=mode)
    compared = [run({"InputLayer#0": cases.values((2, 2, 6, 7), 3,
                                                  "float32")})[0]
                for run in models(plan_of(Source(net, "pool")))]
    expected = leaving_runs.run_theano(net, [cases.values(
        (2, 2, 6, 7), 3, "float32")])
    for got in compared:
        np.testing.assert_allclose(got, expected, atol=1e-6)
