/* x[index] += y or x[index] = y along the first axis, in the order of index.
 *
 * For the Op AdvancedIncSubtensor1, on NumPy 2. All arrays may have any
 * strides; y is broadcast. Returns -1 with an exception set on an error;
 * indices are checked before anything is written.
 */
template <typename T>
static void change_row(char *x, const char *y, const npy_intp *shape,
                       const npy_intp *x_strides, const npy_intp *y_strides,
                       int ndim, bool add)
{
    if (ndim == 0) {
        *(T *)x = add ? *(T *)x + *(const T *)y : *(const T *)y;
        return;
    }
    for (npy_intp i = 0; i < shape[0]; i++)
        change_row<T>(x + i * x_strides[0], y + i * y_strides[0], shape + 1,
                      x_strides + 1, y_strides + 1, ndim - 1, add);
}

template <typename T>
struct complex_of {
    T real, imag;
    complex_of operator+(const complex_of &other) const
    {
        complex_of sum = {real + other.real, imag + other.imag};
        return sum;
    }
};

typedef void (*row_changer)(char *, const char *, const npy_intp *,
                            const npy_intp *, const npy_intp *, int, bool);

static row_changer row_changer_of(int type)
{
    switch (type) {
    case NPY_BYTE: return change_row<npy_byte>;
    case NPY_UBYTE: return change_row<npy_ubyte>;
    case NPY_SHORT: return change_row<npy_short>;
    case NPY_USHORT: return change_row<npy_ushort>;
    case NPY_INT: return change_row<npy_int>;
    case NPY_UINT: return change_row<npy_uint>;
    case NPY_LONG: return change_row<npy_long>;
    case NPY_ULONG: return change_row<npy_ulong>;
    case NPY_LONGLONG: return change_row<npy_longlong>;
    case NPY_ULONGLONG: return change_row<npy_ulonglong>;
    case NPY_FLOAT: return change_row<npy_float>;
    case NPY_DOUBLE: return change_row<npy_double>;
    case NPY_CFLOAT: return change_row<complex_of<npy_float> >;
    case NPY_CDOUBLE: return change_row<complex_of<npy_double> >;
    default: return NULL;
    }
}

/* Give y one stride for each axis of x, 0 along what is broadcast. */
static int broadcast_strides(PyArrayObject *x, npy_intp rows,
                             PyArrayObject *y, npy_intp *strides)
{
    int skip = PyArray_NDIM(x) - PyArray_NDIM(y);
    for (int axis = 0; axis < PyArray_NDIM(x); axis++) {
        npy_intp size = axis ? PyArray_DIM(x, axis) : rows;
        npy_intp given = axis < skip ? 1 : PyArray_DIM(y, axis - skip);
        if (given != 1 && given != size) {
            PyErr_Format(PyExc_ValueError, "axis %d of the values has %zd "
                         "elements; expected 1 or %zd", axis, given, size);
            return -1;
        }
        strides[axis] = given == 1 ? 0 : PyArray_STRIDE(y, axis - skip);
    }
    return 0;
}

/* Wrap negative indices; refuse what is out of bounds. */
static int check_rows(npy_int64 *rows, npy_intp count, npy_intp size)
{
    for (npy_intp i = 0; i < count; i++) {
        if (rows[i] < -size || rows[i] >= size) {
            PyErr_Format(PyExc_IndexError, "index %zd is out of bounds for "
                         "size %zd", (npy_intp)rows[i], size);
            return -1;
        }
        rows[i] += rows[i] < 0 ? size : 0;
    }
    return 0;
}

static int change_rows(PyArrayObject *x, PyArrayObject *index,
                       PyArrayObject *y, bool add)
{
    npy_int64 *rows = (npy_int64 *)PyArray_DATA(index);
    npy_intp count = PyArray_SIZE(index), strides[64];
    row_changer change = row_changer_of(PyArray_TYPE(x));
    if (!change) {
        PyErr_SetString(PyExc_TypeError, "this type cannot be incremented");
        return -1;
    }
    if (check_rows(rows, count, PyArray_DIM(x, 0)) ||
            broadcast_strides(x, count, y, strides))
        return -1;
    for (npy_intp i = 0; i < count; i++)
        change(PyArray_BYTES(x) + rows[i] * PyArray_STRIDE(x, 0),
               PyArray_BYTES(y) + i * strides[0], PyArray_DIMS(x) + 1,
               PyArray_STRIDES(x) + 1, strides + 1, PyArray_NDIM(x) - 1, add);
    return 0;
}

static int inplace_increment(PyArrayObject *x, PyObject *index,
                             PyArrayObject *y, int add)
{
    if (PyArray_FailUnlessWriteable(x, "input/output array") < 0)
        return -1;
    if (PyArray_NDIM(x) == 0) {
        PyErr_SetString(PyExc_IndexError, "0-d arrays can't be indexed.");
        return -1;
    }
    PyArrayObject *rows = (PyArrayObject *)PyArray_FromAny(
        index, PyArray_DescrFromType(NPY_INT64), 0, 0,
        NPY_ARRAY_CARRAY | NPY_ARRAY_ENSURECOPY | NPY_ARRAY_FORCECAST, NULL);
    PyArray_Descr *type = PyArray_DESCR(x);
    Py_INCREF(type);
    PyArrayObject *values = (PyArrayObject *)PyArray_FromAny(
        (PyObject *)y, type, 0, 0,
        NPY_ARRAY_ALIGNED | NPY_ARRAY_NOTSWAPPED | NPY_ARRAY_FORCECAST, NULL);
    int failed = !rows || !values || change_rows(x, rows, values, add);
    Py_XDECREF(rows);
    Py_XDECREF(values);
    return failed ? -1 : 0;
}
