/* Included before all C++ that Theano compiles, on NumPy 2.
 *
 * NPY_TARGET_VERSION: descriptors show their members, as before 2.0.
 * NPY_PY3K: gone from NumPy's headers; without it Theano compiles what it
 * has for Python 2.
 */
#ifndef LASAGNE_FLIPCONV_NUMPY2
#define LASAGNE_FLIPCONV_NUMPY2

#define NPY_TARGET_VERSION 0x00000012
#define NPY_PY3K 1

#endif
