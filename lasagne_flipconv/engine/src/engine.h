/* What the C code of a Theano Op and the library have in common.

   Every kind of computation is called the same way, so that all Ops with as
   many inputs and outputs share one small module. Arrays of activations have
   their channels last: (batch, *spatial, channels). Kernels have the axes of
   Theano: (output channels, input channels per group, *spatial). */
#ifndef FLIPCONV_ENGINE_H
#define FLIPCONV_ENGINE_H

#define FC_MAX_DIMS 6

typedef struct {
    void *data;
    long ndim;
    const long *shape;
    const long *strides; /* in bytes; may be zero or negative */
} fc_array;

typedef struct {
    long ndim;
    long size[FC_MAX_DIMS];
} fc_shape;

#ifdef __cplusplus
extern "C" {
#endif

/* Both return 0, or 1 with a text that fc_error() gives, in this thread. */
int fc_shapes(const long *params, long n_params, const fc_array *in,
              long n_in, fc_shape *out);
int fc_run(void *state, const long *params, long n_params,
           const fc_array *in, long n_in, const fc_array *out);
const char *fc_error(void);

/* What a node keeps from call to call: its primitives by shape. */
void *fc_new_state(void);
void fc_free_state(void *state);

/* The arguments of BLAS's sgemm. Return whether this was a product of few rows
   and a large matrix, and has been computed; if not, nothing was done. */
int fc_multiply_few(const char *trans_a, const char *trans_b, const int *m,
                    const int *n, const int *k, const float *alpha,
                    const float *a, const int *lda, const float *b,
                    const int *ldb, const float *beta, float *c,
                    const int *ldc);

/* Aligned memory for results; what is given back is used again. */
void *fc_get_buffer(unsigned long bytes);
void fc_give_buffer(void *buffer);

/* Whether products of bfloat16 can be had. */
int fc_has_bfloat16(void);

/* Name of what the last fc_run of this thread ran on. */
const char *fc_implementation(void);

#ifdef __cplusplus
}
#endif
#endif
