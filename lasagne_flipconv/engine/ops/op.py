"""What all Ops over the library share: one call, whatever they compute."""
import struct

import numpy as np
import theano.tensor as T
from theano import gof

from .. import library

__all__ = ["EngineOp", "KINDS", "as_input", "as_output", "float_bits"]

#: The first parameter of each Op; src/base/params.hpp has the same table.
KINDS = {"convolution": 0, "grad_kernel": 1, "grad_input": 2, "pool": 3,
         "pool_grad": 4, "norm": 5, "norm_grad": 6, "channel_sum": 7}

_SUPPORT = """
static void fc_drop_buffer(PyObject *capsule) {
    fc_give_buffer(PyCapsule_GetPointer(capsule, "fc_buffer"));
}

/* Make an array of float32 in the memory that the library hands out. */
static PyArrayObject *fc_array_of_shape(const fc_shape *shape) {
    npy_intp bytes = sizeof(float);
    for (long i = 0; i < shape->ndim; ++i) bytes *= shape->size[i];
    void *buffer = fc_get_buffer(bytes);
    if (!buffer) return (PyArrayObject *)PyErr_NoMemory();
    PyObject *owner = PyCapsule_New(buffer, "fc_buffer", fc_drop_buffer);
    if (!owner) {
        fc_give_buffer(buffer);
        return NULL;
    }
    PyObject *array = PyArray_SimpleNewFromData(
        (int)shape->ndim, (npy_intp *)shape->size, NPY_FLOAT32, buffer);
    if (!array) {
        Py_DECREF(owner);
        return NULL;
    }
    if (PyArray_SetBaseObject((PyArrayObject *)array, owner)) {
        Py_DECREF(array);
        return NULL;
    }
    return (PyArrayObject *)array;
}

static fc_array fc_view(PyArrayObject *array) {
    fc_array view = {PyArray_DATA(array), PyArray_NDIM(array),
                     (const long *)PyArray_DIMS(array),
                     (const long *)PyArray_STRIDES(array)};
    return view;
}

/* Have `*array` be one of this shape, the one it is if that fits. */
static int fc_prepare(PyArrayObject **array, const fc_shape *shape) {
    if (*array && PyArray_NDIM(*array) == shape->ndim
        && PyArray_IS_C_CONTIGUOUS(*array)) {
        long i = 0;
        while (i < shape->ndim && PyArray_DIMS(*array)[i] == shape->size[i])
            ++i;
        if (i == shape->ndim) return 0;
    }
    Py_XDECREF(*array);
    *array = fc_array_of_shape(shape);
    return *array == NULL;
}

/* The interpreter's lock is released while the library computes. Another
   thread may then drop the arrays, so a reference is held to each. */
static int fc_call(void *state, PyArrayObject *params,
                   PyArrayObject **inputs, int n_inputs,
                   PyArrayObject ***outputs, int n_outputs) {
    fc_array in[8], out[4];
    fc_shape shape[4];
    const long *numbers = (const long *)PyArray_DATA(params);
    long n_numbers = (long)PyArray_DIM(params, 0);
    int failed;
    for (int i = 0; i < n_inputs; ++i) in[i] = fc_view(inputs[i]);
    if (fc_shapes(numbers, n_numbers, in, n_inputs, shape)) {
        PyErr_SetString(PyExc_ValueError, fc_error());
        return 1;
    }
    for (int i = 0; i < n_outputs; ++i) {
        if (fc_prepare(outputs[i], &shape[i])) return 1;
        out[i] = fc_view(*outputs[i]);
    }
    PyArrayObject *held[12];
    int n_held = 0;
    for (int i = 0; i < n_inputs; ++i) held[n_held++] = inputs[i];
    for (int i = 0; i < n_outputs; ++i) held[n_held++] = *outputs[i];
    for (int i = 0; i < n_held; ++i) Py_INCREF(held[i]);
    Py_BEGIN_ALLOW_THREADS
    failed = fc_run(state, numbers, n_numbers, in, n_inputs, out);
    Py_END_ALLOW_THREADS
    for (int i = 0; i < n_held; ++i) Py_DECREF(held[i]);
    if (failed) PyErr_SetString(PyExc_RuntimeError, fc_error());
    return failed;
}
"""


def float_bits(value):
    """Return a float32 as the int that has the same bits."""
    return struct.unpack("<I", struct.pack("<f", value))[0]


def _state_of(name):
    """Return the C name of what a node keeps from call to call."""
    return "engine_state_" + name


class EngineOp(gof.Op):
    """Call the library; a subclass says of what kind and with what numbers."""

    kind = None
    params_type = gof.ParamsType(numbers=T.lvector)

    def description(self):
        """Return what the library has to know, as a list of int."""
        raise NotImplementedError

    @property
    def numbers(self):
        return np.array([KINDS[self.kind]] + self.description(), "int64")

    def make_py_thunk(self, node, storage_map, compute_map, no_recycling,
                      debug=False):
        # there is one implementation, whatever linker asks
        return self.make_c_thunk(node, storage_map, compute_map,
                                 no_recycling)

    def do_constant_folding(self, node):
        return False  # the library need not be there yet

    def c_headers(self):
        return ["<numpy/arrayobject.h>"]

    def c_support_code(self):
        return library.header() + _SUPPORT

    def c_support_code_struct(self, node, name):
        # a name of its own: Theano's C linker puts all nodes into one struct
        return "void *%s;" % _state_of(name)

    def c_init_code_struct(self, node, name, sub):
        return """
            if (!(%s = fc_new_state())) {
                PyErr_NoMemory();
                %s
            }""" % (_state_of(name), sub["fail"])

    def c_cleanup_code_struct(self, node, name):
        return "fc_free_state(%s);" % _state_of(name)

    def c_code(self, node, name, inputs, outputs, sub):
        return """
        {
            PyArrayObject *in[] = {%s};
            PyArrayObject **out[] = {%s};
            if (fc_call(%s, %s->numbers, in, %d, out, %d)) %s
        }""" % (", ".join(inputs), ", ".join("&" + o for o in outputs),
                _state_of(name), sub["params"], len(inputs), len(outputs),
                sub["fail"])

    def c_lib_dirs(self):
        return [str(library.build().parent)]

    def c_libraries(self):
        return [library.build().stem[len("lib"):]]

    def c_code_cache_version(self):
        return (3,)


def as_input(x, ndim=None, dtype="float32"):
    """Return `x` as a variable; raise TypeError unless it is of that type."""
    x = T.as_tensor_variable(x)
    if x.type.dtype != dtype or ndim not in (None, x.type.ndim):
        raise TypeError("engine: an input is of %s; expected %s with %s axes."
                        % (x.type, dtype, "any" if ndim is None else ndim))
    return x


def as_output(broadcastable):
    """Return a new variable of float32."""
    return T.TensorType("float32", tuple(broadcastable))()
