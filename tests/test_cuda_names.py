"""Names of Theano's GPU packages that scripts import, against plain loops."""
import importlib

import numpy as np
import pytest
import theano
from lasagne_flipconv import install, uninstall
from lasagne_flipconv.scripts import gpu_imports
from lasagne_flipconv.scripts.old_names import cuda as names
from lasagne_flipconv.scripts.old_names.lending import lent_import

from cases import values
from test_run import run, write


@pytest.fixture
def cuda():
    install()
    gpu_imports.explain()
    yield importlib.import_module("theano.sandbox.cuda")
    uninstall()


def correlated(x, w, stride, pad):
    """Correlate by loops."""
    x = np.pad(x, [(0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2])
    size = [(x.shape[2 + i] - w.shape[2 + i]) // stride[i] + 1
            for i in range(2)]
    out = np.zeros((len(x), len(w), *size))
    for i, j in np.ndindex(*size):
        part = x[:, :, i * stride[0]:i * stride[0] + w.shape[2],
                 j * stride[1]:j * stride[1] + w.shape[3]]
        out[:, :, i, j] = np.einsum("bchw,fchw->bf", part, w)
    return out


def test_random_numbers(cuda):
    from theano.sandbox.cuda.rng_curand import CURAND_RandomStreams
    random = CURAND_RandomStreams(7)
    drawn = theano.function([], [
        random.normal(size=(40, 50), avg=3.0, std=0.5),
        random.uniform((40, 50), low=-1.0, high=0.0)])
    normal, uniform = drawn()
    assert abs(normal.mean() - 3) < 0.1 and abs(normal.std() - 0.5) < 0.05
    assert -1 <= uniform.min() < uniform.max() <= 0
    assert not (drawn()[0] == normal).any()


SLIDING = [((0, 0), (1, 1)), ((1, 2), (2, 1)), ((2, 0), (3, 2))]


@pytest.mark.parametrize("mode", ["conv", "cross"])
@pytest.mark.parametrize("pad, stride", SLIDING)
def test_convolutions(cuda, pad, stride, mode):
    from theano.sandbox.cuda.dnn import (GpuDnnConv, GpuDnnConvDesc,
                                         GpuDnnConvGradI, dnn_conv)
    x, w = values((2, 3, 9, 8), 1), values((4, 3, 2, 5), 2)
    turned = w[:, :, ::-1, ::-1] if mode == "conv" else w
    expected = correlated(x, turned, stride, pad)
    desc = GpuDnnConvDesc(pad, stride, conv_mode=mode)(x.shape, w.shape)
    for y in (dnn_conv(x, w, pad, stride, mode),
              GpuDnnConv()(x, w, None, desc)):
        np.testing.assert_allclose(y.eval(), expected, atol=1e-6)
    top = values(expected.shape, 3)
    found = GpuDnnConvGradI()(w, top, theano.shared(x), desc).eval()
    # the adjoint: <top, convolved x> = <found, x>
    np.testing.assert_allclose((found * x).sum(), (top * expected).sum(),
                               rtol=1e-5)


@pytest.mark.parametrize("mode", ["conv", "cross"])
def test_convolutions_along_three_axes(cuda, mode):
    from theano.sandbox.cuda.dnn import (GpuDnnConv3d, GpuDnnConv3dGradI,
                                         GpuDnnConvDesc, dnn_conv3d)
    x, w = values((2, 3, 5, 9, 8), 1), values((4, 3, 1, 2, 5), 2)
    turned = w[..., ::-1, ::-1] if mode == "conv" else w
    expected = np.stack([correlated(x[:, :, i], turned[:, :, 0], (2, 1),
                                    (1, 2)) for i in range(0, 5, 2)], 2)
    pad, stride = (0, 1, 2), (2, 2, 1)
    desc = GpuDnnConvDesc(pad, stride, conv_mode=mode)(x.shape, w.shape)
    for y in (dnn_conv3d(x, w, pad, stride, mode),
              GpuDnnConv3d()(x, w, None, desc)):
        np.testing.assert_allclose(y.eval(), expected, atol=1e-6)
    top = values(expected.shape, 3)
    found = GpuDnnConv3dGradI()(w, top, theano.shared(x), desc).eval()
    np.testing.assert_allclose((found * x).sum(), (top * expected).sum(),
                               rtol=1e-5)


@pytest.fixture(params=["theano.gpuarray", "theano.sandbox.gpuarray"])
def gpuarray(request):
    return lent_import(request.param, fromlist=("dnn", "basic_ops"))


@pytest.mark.parametrize("mode", ["conv", "cross"])
def test_convolutions_of_gpuarray(gpuarray, mode):
    dnn = gpuarray.dnn
    x, w = values((2, 6, 9, 8), 1), values((4, 3, 2, 3), 2)
    pad, stride, dilation = (1, 2), (2, 1), (3, 2)
    turned = np.zeros((4, 3, 4, 5))
    turned[..., ::3, ::2] = w[:, :, ::-1, ::-1] if mode == "conv" else w
    expected = np.concatenate([
        correlated(x[:, 3 * g:3 * g + 3], turned[2 * g:2 * g + 2], stride, pad)
        for g in range(2)], 1)
    desc = dnn.GpuDnnConvDesc(pad, stride, dilation, mode, num_groups=2)(
        w.shape)
    for y in (dnn.dnn_conv(x, w, pad, stride, dilation, mode, num_groups=2),
              dnn.GpuDnnConv()(x, w, None, desc)):
        np.testing.assert_allclose(y.eval(), expected, atol=1e-6)
    y = dnn.dnn_conv3d(x[:, :, None], w[:, :, None], (0, *pad), (1, *stride),
                       (1, *dilation), mode, num_groups=2)
    np.testing.assert_allclose(y.eval()[:, :, 0], expected, atol=1e-6)
    top = values(expected.shape, 3)
    found = dnn.GpuDnnConvGradI()(w, top, theano.shared(x), desc).eval()
    np.testing.assert_allclose((found * x).sum(), (top * expected).sum(),
                               rtol=1e-5)


def test_other_names_of_gpuarray(gpuarray):
    x = theano.shared(values((2, 3, 4, 5)))
    basic, dnn = gpuarray.basic_ops, gpuarray.dnn
    assert dnn.dnn_available(None) and dnn.dnn_present()
    assert dnn.dnn_pool(x, (2, 2)).eval().shape == (2, 3, 3, 4)
    name = basic.infer_context_name(x)
    for copied in (basic.gpu_contiguous(x), basic.host_from_gpu(x),
                   basic.as_gpuarray_variable(x, name),
                   basic.GpuFromHost(name)(x), basic.HostFromGpu()(x)):
        assert copied is x
    assert basic.GpuAllocEmpty("float32", name)(2, 3).eval().shape == (2, 3)


def test_what_needs_a_gpu_is_told(tmp_path):
    write(tmp_path, "softmax.py", "import theano\n"
          "from theano.gpuarray.dnn import GpuDnnSoftmax\n"
          "GpuDnnSoftmax('log', 'channel')(theano.tensor.tensor4())\n")
    assert "line 3: is of theano.gpuarray, which needs a GPU" in run(
        tmp_path, "softmax.py").stderr


def test_batch_normalization(cuda):
    from theano.sandbox.cuda import dnn
    x = values((4, 3, 5, 2), 1)
    gamma, beta = values((1, 3, 1, 1), 2), values((1, 3, 1, 1), 3)
    mean, var = (f(x, axis=(0, 2, 3), keepdims=True) for f in (np.mean,
                                                                np.var))
    expected = (x - mean) / np.sqrt(var + 1e-4) * gamma + beta
    given = [theano.tensor.patternbroadcast(theano.tensor.constant(v), (
        True, False, True, True)) for v in (gamma, beta, mean, var)]
    found = dnn.dnn_batch_normalization_train(x, *given[:2], "spatial")[0]
    np.testing.assert_allclose(found.eval(), expected, atol=1e-5)
    found = dnn.dnn_batch_normalization_test(x, *given, mode="spatial")
    np.testing.assert_allclose(found.eval(), expected, atol=1e-5)


def test_pooling_steps_by_one_unless_told(cuda):
    x = values((2, 3, 5, 4), 1)
    one = cuda.dnn.dnn_pool(x, (2, 3)).eval()
    assert one.shape == (2, 3, 4, 2)
    assert one[1, 2, 3, 1] == x[1, 2, 3:5, 1:4].max()
    mean = cuda.dnn.dnn_pool(x, (2, 2), (2, 2), "average").eval()
    np.testing.assert_allclose(mean[0, 0, 0, 0], x[0, 0, :2, :2].mean())
    cube = cuda.dnn.dnn_pool(values((1, 2, 4, 4, 4)), (2, 2, 2)).eval()
    assert cube.shape == (1, 2, 3, 3, 3)


def test_what_copied_returns_the_array(cuda):
    x = theano.shared(values((2, 3)))
    for name in ("gpu_contiguous", "host_from_gpu", "gpu_from_host",
                 "as_cuda_ndarray_variable"):
        assert getattr(cuda.basic_ops, name)(x) is x
    for name in ("HostFromGpu", "GpuFromHost"):
        assert getattr(cuda.basic_ops, name)()(x) is x
    assert not cuda.cuda_available and not cuda.cuda_enabled
    assert cuda.basic_ops.gpu_alloc_empty(2, 3).eval().shape == (2, 3)
    assert cuda.dnn.dnn_available() and cuda.use("gpu") is None


#: What a script writes → what it is told.
REFUSED = {
    "from theano.sandbox.cuda.dnn import GpuDnnPool": "theano.tensor.nnet",
    "from theano.sandbox.cuda.blas import GpuCorrMM": "filter_flip=False",
    "import theano.sandbox.cuda.fftconv": "which run anywhere",
    "import theano.sandbox.cuda\ntheano.sandbox.cuda.CudaNdarray":
        "theano.sandbox.cuda.CudaNdarray' needs",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_not_among_them_keeps_its_error(code, tmp_path):
    write(tmp_path, "refused.py", code + "\n")
    result = run(tmp_path, "refused.py")
    assert result.returncode == 1
    assert "the GPU back end that Theano 1.0 removed" in result.stderr
    assert REFUSED[code] in result.stderr


def test_uninstall_takes_them_back():
    import sys
    install()
    gpu_imports.explain()
    importlib.import_module("theano.sandbox.cuda.dnn")
    uninstall()
    assert not [name for name in sys.modules if name in names.CONTENTS]
    assert "cuda" not in vars(theano.sandbox)
