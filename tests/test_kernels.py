"""The laws of kernel conversion, by Hypothesis and by the slow oracle."""
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lasagne_flipconv import layers
from lasagne_flipconv.errors import ConventionError
from lasagne_flipconv.kernels import (CONVOLUTION, CORRELATION, SPATIAL,
                                      Convention, KernelPlan, convert_kernel,
                                      plan_conversion)

import cases
import reference

ORIENTATIONS = (CONVOLUTION, CORRELATION)


def conventions_over(letters):
    orders = st.permutations(letters).map("".join)
    return st.builds(Convention, orders, st.sampled_from(ORIENTATIONS))


@st.composite
def kernels(draw, conventions):
    """Draw a kernel of distinct values and `conventions` ways to read it."""
    n = draw(st.integers(1, 3))
    letters = "OI" + SPATIAL[n] + draw(st.sampled_from(["", "hw"]))
    shape = draw(st.permutations(range(1, 8)))[:len(letters)]
    shape = [min(s, 5) for s in shape]
    dtype = draw(st.sampled_from(["f2", "f4", "f8", ">f4", "i2"]))
    values = np.random.RandomState(draw(st.integers(0, 99)))
    kernel = values.randint(-9999, 9999, shape).astype(dtype)
    return [kernel] + [draw(conventions_over(letters))
                       for _ in range(conventions)]


def same_bits(a, b):
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


@settings(max_examples=200, deadline=None)
@given(kernels(2))
def test_there_and_back_is_the_identity(drawn):
    kernel, source, target = drawn
    there = convert_kernel(kernel, source, target)
    assert same_bits(convert_kernel(there, target, source), kernel)


@settings(max_examples=200, deadline=None)
@given(kernels(3))
def test_a_detour_changes_nothing(drawn):
    kernel, first, second, third = drawn
    detour = convert_kernel(convert_kernel(kernel, first, second), second,
                            third)
    assert same_bits(detour, convert_kernel(kernel, first, third))


@settings(max_examples=100, deadline=None)
@given(kernels(2))
def test_against_the_oracle(drawn):
    kernel, source, target = drawn
    expected = np.empty([kernel.shape[source.axes.index(a)]
                         for a in target.axes], kernel.dtype)
    for at in np.ndindex(*expected.shape):
        place = dict(zip(target.axes, at))
        if source.orientation != target.orientation:
            for a in set(place) & set("DHW"):
                place[a] = kernel.shape[source.axes.index(a)] - 1 - place[a]
        expected[at] = kernel[tuple(place[a] for a in source.axes)]
    assert same_bits(convert_kernel(kernel, source, target), expected)


def test_the_result_is_new_and_contiguous():
    kernel = cases.values((2, 3, 4, 5))
    for orientation in ORIENTATIONS:
        result = convert_kernel(kernel, ("OIHW", CONVOLUTION),
                                ("OIHW", orientation))
        assert result.flags["C_CONTIGUOUS"] and result.flags["OWNDATA"]
        assert not np.shares_memory(result, kernel)


def test_only_spatial_axes_are_reversed():
    kernel = cases.values((2, 3, 4, 5))
    turned = convert_kernel(kernel, ("OIHW", CONVOLUTION),
                            ("OIHW", CORRELATION))
    np.testing.assert_array_equal(turned, reference.reverse(kernel, (2, 3)))


def test_the_plan_says_what_is_done():
    plan = plan_conversion((4, 3, 2, 5), Convention("OIHW", CONVOLUTION),
                           Convention("HWIO", CORRELATION))
    assert plan == KernelPlan((2, 3, 1, 0), (0, 1))
    same = Convention("OIHW", CONVOLUTION)
    assert plan_conversion((4, 3, 2, 5), same, same) == KernelPlan(None, ())


def test_one_by_one_kernels_need_no_orientation():
    kernel = cases.values((4, 3, 1, 1))
    result = convert_kernel(kernel, ("OIHW", None), ("IOHW", CORRELATION))
    np.testing.assert_array_equal(result[..., 0, 0], kernel[..., 0, 0].T)


@pytest.mark.parametrize("shape", [(4, 3, 1, 2), (4, 3, 2, 1), (1, 1, 3, 3)])
@pytest.mark.parametrize("side", [0, 1])
def test_an_unknown_orientation_that_matters_is_refused(shape, side):
    told = [("OIHW", CONVOLUTION), ("OIHW", CONVOLUTION)]
    told[side] = ("OIHW", None)
    with pytest.raises(ConventionError, match="orientation"):
        convert_kernel(np.ones(shape), *told, where="conv3_1.W")


@pytest.mark.parametrize("axes, orientation, said", [
    ("OIXY", CONVOLUTION, "OIXY"), ("OOHW", CONVOLUTION, "distinct"),
    ("OI", CONVOLUTION, "slide over"), ("OIHW", "flipped", "flipped"),
    ("OIHW", True, "True"), ("", CONVOLUTION, "slide over")])
def test_conventions_that_are_none(axes, orientation, said):
    with pytest.raises(ConventionError, match=said):
        Convention(axes, orientation)


@pytest.mark.parametrize("shape, source, target, said", [
    ((4, 3, 2), "OIHW", "OIHW", "4 axes 'OIHW'"),
    ((4, 3, 2, 5), "OIHW", "OIDHW", "cannot become")])
def test_kernels_that_do_not_fit(shape, source, target, said):
    with pytest.raises(ConventionError, match="^here: .*" + said):
        convert_kernel(np.ones(shape), (source, CONVOLUTION),
                       (target, CONVOLUTION), where="here")


@pytest.mark.parametrize("orders", itertools.combinations(
    ["OIHW", "HWIO", "IOHW", "IHWO"], 2), ids="-".join)
def test_equal_sizes_hide_no_wrong_permutation(orders):
    kernel = cases.values((3, 3, 3, 3))
    there = convert_kernel(kernel, (orders[0], CONVOLUTION),
                           (orders[1], CONVOLUTION))
    at = dict(O=0, I=1, H=2, W=1)
    assert there[tuple(at[a] for a in orders[1])] == kernel[
        tuple(at[a] for a in orders[0])]


@pytest.mark.parametrize("source, target, same_as", [
    ("torch", "Conv2DLayer", (("OIHW", CORRELATION), ("OIHW", CONVOLUTION))),
    ("tensorflow", layers.Conv2DDNNLayer,
     (("HWIO", CORRELATION), ("OIHW", CORRELATION))),
    ("torch", "TransposedConv2DLayer",
     (("IOHW", CORRELATION), ("IOHW", CONVOLUTION))),
    ("DilatedConv2DLayer", "keras",
     (("IOHW", CORRELATION), ("HWIO", CORRELATION))),
    ("HWIO:convolution", "onnx",
     (("HWIO", CONVOLUTION), ("OIHW", CORRELATION))),
    (["OIHW", CONVOLUTION], CORRELATION,
     (("OIHW", CONVOLUTION), ("OIHW", CORRELATION))),
    ("torch", CONVOLUTION, (("OIHW", CORRELATION), ("OIHW", CONVOLUTION)))])
def test_words_and_classes_stand_for_conventions(source, target, same_as):
    kernel = cases.values((4, 3, 2, 5), 1, "f4")
    assert np.array_equal(convert_kernel(kernel, source, target),
                          convert_kernel(kernel, *same_as))


@pytest.mark.parametrize("shape, source, target, said", [
    ((4, 3, 2, 5), CONVOLUTION, CORRELATION, "source is 'convolution', which "
     "does not tell the order of the axes"),
    ((4, 3, 2, 5), "torch", "Foo", "'Foo': is no convention; expected.*torch"
     ".*'Conv2DLayer'.*'HWIO:correlation'"),
    ((4, 3, 2, 5), 5, "torch", "5: is no convention"),
    ((4, 3, 2, 5), ("OIHW",), "torch", "is no convention"),
    ((4, 3), "torch", "Conv2DLayer", "has no kernels with 0 spatial axes"),
    ((4, 3, 2, 5), "Conv1DLayer", "torch", "expected 3 axes 'OIW'.*in a "
     "Convention"),
    ((4, 3, 2, 5), "torch", layers.DenseLayer, "has no convolution kernel"),
    ((4, 4, 3, 3), ("IOHW", CONVOLUTION), "torch", "'IOHW' may be those of a "
     "transposed layer, for which 'torch' has 'IOHW', or of another, for "
     "which it has 'OIHW'.*Name the class"),
    ((4, 4, 3, 3), "HWOI:correlation", "onnx", "'HWOI' may be"),
    ((4, 4, 3, 3), "keras", ("IOHW", CORRELATION), "'keras' has 'HWOI', or")])
def test_what_is_no_convention_is_told(shape, source, target, said):
    with pytest.raises(ConventionError, match=said):
        convert_kernel(np.zeros(shape), source, target)


@pytest.mark.parametrize("kernel, said", [
    (["text"], "holds <U4"), ("text", "holds <U4"), (3, "is a single number"),
    (None, "holds object"), ({"W": 1}, "holds object"),
    (np.zeros((2, 3, 3, 3), object), "holds object"),
    (np.zeros((2, 3, 3, 3), "datetime64[s]"), "holds datetime64"),
    (np.ma.masked_greater(np.ones((2, 3, 3, 3)), 0),
     "has values that are masked"),
    ([[1, 2], [3]], "has rows of unequal lengths|holds object")])
def test_what_is_no_array_of_numbers_is_told(kernel, said):
    with pytest.raises(ConventionError, match="^conv1: (%s)" % said):
        convert_kernel(kernel, "torch", "tensorflow", "conv1")
