"""Theano's products of matrices, where one has few rows.

BLAS puts both matrices into order before it multiplies. With few rows that
takes longer than to read the other one, as of a dense layer, once.
"""
from theano.tensor.blas import Dot22, Dot22Scalar, Gemm, ldflags

from .. import library

__all__ = ["for_few_rows"]

# Not const: Theano's own sgemm_, which calls NumPy, takes what may be changed.
_BLAS = """
static void fc_sgemm(char *trans_a, char *trans_b, int *m, int *n, int *k,
                     float *alpha, float *a, int *lda, float *b, int *ldb,
                     float *beta, float *c, int *ldc) {
    if (!fc_multiply_few(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb,
                         beta, c, ldc))
        sgemm_(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
#define sgemm_ fc_sgemm
"""

_NUMPY = """
/* How far apart the lines of a matrix are, side by side within; 0 for others.
   Turned, a line is a column. */
static int fc_apart(PyArrayObject *matrix, bool turned) {
    npy_intp unit = sizeof(float);
    npy_intp lines = PyArray_DIM(matrix, turned);
    npy_intp length = PyArray_DIM(matrix, !turned);
    npy_intp apart = PyArray_STRIDE(matrix, turned);
    if (length > 1 && PyArray_STRIDE(matrix, !turned) != unit) return 0;
    if (lines < 2) return (int)length;
    return apart % unit || apart < length * unit ? 0 : (int)(apart / unit);
}

/* The product, or NULL where the library leaves it to others. */
static PyArrayObject *fc_dot_few(PyArrayObject *x, PyArrayObject *y) {
    npy_intp dims[] = {PyArray_DIM(x, 0), PyArray_DIM(y, 1)};
    int rows = (int)dims[0], columns = (int)dims[1];
    int terms = (int)PyArray_DIM(x, 1);
    float one = 1, zero = 0;
    int apart_x = fc_apart(x, false), apart_y = fc_apart(y, false);
    char turned_x = apart_x ? 'N' : 'T', turned_y = apart_y ? 'N' : 'T';
    if (!apart_x) apart_x = fc_apart(x, true);
    if (!apart_y) apart_y = fc_apart(y, true);
    if (PyArray_DIM(y, 0) != terms || !apart_x || !apart_y) return NULL;
    PyArrayObject *z =
            (PyArrayObject *)PyArray_SimpleNew(2, dims, NPY_FLOAT32);
    if (z && fc_multiply_few(
            &turned_y, &turned_x, &columns, &rows, &terms, &one,
            (float *)PyArray_DATA(y), &apart_y, (float *)PyArray_DATA(x),
            &apart_x, &zero, (float *)PyArray_DATA(z), &columns))
        return z;
    Py_XDECREF(z);
    return NULL;
}

static PyArrayObject *fc_dot(PyArrayObject *x, PyArrayObject *y) {
    PyArrayObject *z = fc_dot_few(x, y);
    if (z || PyErr_Occurred()) return z;
    return (PyArrayObject *)PyArray_MatrixProduct((PyObject *)x,
                                                  (PyObject *)y);
}
"""


class _ForFewRows:
    """Ask the library before BLAS; of the shapes, only a call knows."""

    def c_support_code(self):
        return super().c_support_code() + library.header() + _BLAS

    def c_lib_dirs(self):
        return super().c_lib_dirs() + [str(library.build().parent)]

    def c_libraries(self):
        return super().c_libraries() + [library.build().stem[len("lib"):]]

    def c_code_cache_version(self):
        version = super().c_code_cache_version()
        return version and version + (1,)


class Dot22ForFewRows(_ForFewRows, Dot22):
    """The product of two matrices; without a BLAS, NumPy's, as Theano's is."""

    def c_support_code(self):
        if ldflags():
            return super().c_support_code()
        return library.header() + _NUMPY

    def c_code(self, node, name, inputs, outputs, sub):
        if ldflags():
            return super().c_code(node, name, inputs, outputs, sub)
        return """
            Py_XDECREF(%s);
            if (!(%s = fc_dot(%s, %s))) %s
        """ % (outputs[0], outputs[0], inputs[0], inputs[1], sub["fail"])


class Dot22ScalarForFewRows(_ForFewRows, Dot22Scalar):
    """The product of two matrices and a number, with a BLAS."""


class GemmForFewRows(_ForFewRows, Gemm):
    """``alpha x y + beta z`` of matrices and numbers."""


def for_few_rows(node):
    """Return the output of the same with few rows in mind, or None."""
    op = node.op
    if (type(op) not in (Gemm, Dot22, Dot22Scalar)  # others may have no dtype
            or node.outputs[0].dtype != "float32"):
        return None
    if type(op) is Gemm:
        return GemmForFewRows(op.inplace)(*node.inputs)
    if type(op) is Dot22:
        return Dot22ForFewRows()(*node.inputs)
    return Dot22ScalarForFewRows()(*node.inputs) if ldflags() else None
