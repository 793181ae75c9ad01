"""Theano's products of matrices, where one has few rows.

BLAS puts both matrices into order before it multiplies. With few rows that
takes longer than to read the other one, as of a dense layer, once.
"""
from theano.tensor.blas import Dot22, Dot22Scalar, Gemm

from .. import library

__all__ = ["for_few_rows"]

# Not const: Theano's own sgemm_, which calls NumPy, takes what may be changed.
_SUPPORT = """
static void fc_sgemm(char *trans_a, char *trans_b, int *m, int *n, int *k,
                     float *alpha, float *a, int *lda, float *b, int *ldb,
                     float *beta, float *c, int *ldc) {
    if (!fc_multiply_few(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb,
                         beta, c, ldc))
        sgemm_(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
#define sgemm_ fc_sgemm
"""


class _ForFewRows:
    """Ask the library before BLAS; of the shapes, only a call knows."""

    def c_support_code(self):
        return super().c_support_code() + library.header() + _SUPPORT

    def c_lib_dirs(self):
        return super().c_lib_dirs() + [str(library.build().parent)]

    def c_libraries(self):
        return super().c_libraries() + [library.build().stem[len("lib"):]]

    def c_code_cache_version(self):
        version = super().c_code_cache_version()
        return version and version + (1,)


class Dot22ForFewRows(_ForFewRows, Dot22):
    """The product of two matrices."""


class Dot22ScalarForFewRows(_ForFewRows, Dot22Scalar):
    """The product of two matrices and a number."""


class GemmForFewRows(_ForFewRows, Gemm):
    """``alpha x y + beta z`` of matrices and numbers."""


def for_few_rows(node):
    """Return the output of the same with few rows in mind, or None."""
    if node.outputs[0].dtype != "float32":
        return None
    op = node.op
    if type(op) is Gemm:
        return GemmForFewRows(op.inplace)(*node.inputs)
    ours = {Dot22: Dot22ForFewRows, Dot22Scalar: Dot22ScalarForFewRows}
    return ours[type(op)]()(*node.inputs) if type(op) in ours else None
