"""Loops on PyTorch: what `theano.scan` makes, and its gradients."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv import engine
from pytorch_cases import (
    DEVICE,
    FAST_RUN,
    PLAIN,
    check,
    on_torch,
    same,
    untranslated,
    values,
)
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.scan_module import until

X, H, W = (.3 * values("float32", *shape) for shape in ((7, 4), (4,), (4, 4)))


def cell(a, before, w):
    return T.tanh(a + T.dot(before, w))


def scanned(*args, **options):
    return theano.scan(*args, **options)[0]


def swap(x, h):
    """Return two states that take each other's place, and what is kept."""
    a, b, c = scanned(lambda u, p, q: (q, p + u, p * q), x, [h, h * 2, None])
    return a, b + c


#: Name → loop over a matrix, from a vector, with a matrix.
LOOPS = {
    "one state": lambda x, h, w: scanned(cell, x, h, w),
    "backwards": lambda x, h, w: scanned(cell, x, h, w, go_backwards=True),
    "gradient of three steps": lambda x, h, w: scanned(
        cell, x, h, w, truncate_gradient=3),
    "taps": lambda x, h, w: scanned(
        lambda now, later, a, b, c: now / 2 + later / 9 + a / 3 + b / 5 - c,
        dict(input=x, taps=[0, 2]),
        dict(initial=x[:3] * h, taps=[-1, -2, -3])),
    "swapped": lambda x, h, w: swap(x, h)[0],
    "kept beside": lambda x, h, w: swap(x, h)[1],
    "number of steps": lambda x, h, w: scanned(
        lambda p: p * 1.5, outputs_info=h, n_steps=5),
    "by numbers": lambda x, h, w: scanned(
        lambda i, p: p + x[i] * T.cast(i, "float32"), T.arange(x.shape[0]), h),
    "a piece set": lambda x, h, w: scanned(
        lambda i, p: T.set_subtensor(p[i], p[i] * i), T.arange(3, 0, -1), h),
    "a loop in a loop": lambda x, h, w: scanned(lambda r: scanned(
        lambda e, p: p + e * r.sum(), r, np.float32(0)), x),
    "sums of rows": lambda x, h, w: theano.map(lambda r: r.sum(), x)[0],
    "folded": lambda x, h, w: theano.foldl(
        lambda r, a: a * r, x, T.ones_like(h))[0],
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops_with_gradients(name):
    """Of all steps, and of the last alone, for which Theano keeps less.

    Each in a function of its own: of two loops that differ in a sequence of
    their gradient alone, Theano takes the results of one for both, at times.
    """
    x, h, w = T.fmatrix(), T.fvector(), T.fmatrix()
    out = LOOPS[name](x, h, w)
    for part in (out, out[-1], out[-2:]):
        grads = T.grad((part ** 2).sum(), [x, h, w],
                       disconnected_inputs="ignore")
        check([x, h, w], [part, *grads], X, H, W, limit=4e-6)
    check([x, h, w], out[-1], X, H, W, limit=4e-6)


@pytest.mark.parametrize("steps", [1, 3, 50])
def test_loops_until_something_is_true(steps):
    h, n = T.fvector(), T.iscalar()
    out = scanned(lambda p: (p * 2, until(p.sum() > 20)),
                  outputs_info=abs(h) + np.float32(.1), n_steps=n)
    for wanted in ([out, out.shape], [out[-1]], [out[:2], out[-2:]]):
        check([h, n], wanted, H, np.int32(steps))


def test_a_sequence_until_something_is_true():
    x, h = T.fmatrix(), T.fvector()
    out, beside = scanned(lambda s, p: ((p + s, s * 2), until(
        T.gt(p.sum(), .5))), x, [h, None])
    check([x, h], [out, beside, beside[-1], *T.grad((out ** 2).sum(), [x, h])],
          abs(X), 0 * H)


def test_derivatives_of_higher_order():
    x, h, w = T.fmatrix(), T.fvector(), T.fmatrix()
    y = T.tanh(T.dot(w, h))
    out = scanned(cell, x, h, w)
    check([x, h, w], [theano.gradient.jacobian(y, h),
                      theano.gradient.hessian((y ** 2).sum(), h),
                      *T.grad(T.grad((out ** 2).sum(), h).sum(), [x, h, w])],
          X, H, W, limit=1e-5)


def test_random_numbers_and_variables_that_a_loop_updates():
    """The next call goes on where this one ends."""
    def made(compiled):
        x, stream = T.fmatrix(), MRG_RandomStreams(3)
        v = theano.shared(np.float32(1))
        (out, noise), updates = theano.scan(
            lambda a: ([a * v, stream.uniform(a.shape)], {v: v * 1.5}), x)
        return compiled([x], [out, noise], updates=updates)
    ours, theirs = made(on_torch), made(
        lambda *args, **options: theano.function(*args, mode=PLAIN, **options))
    assert untranslated(ours) == []
    for _ in range(3):
        same(ours(X), theirs(X))


def test_what_a_loop_moves():
    """The batch and the result: no step goes to the host and back."""
    x = T.fmatrix()
    with engine.using("torch", DEVICE):
        w = theano.shared(W)
        out = scanned(cell, x, T.zeros_like(x[0]), w)
        loss = out[-1].sum()
        f = theano.function([x], loss, updates=[(w, w - T.grad(loss, w))])
    f(X)  # which brings the variable
    f(X)
    assert f.fn.moved == (X.nbytes, 4)
    assert any("Scan" in str(line) or "for{" in str(line)
               for line in engine.report(f))


def test_a_loop_over_what_has_no_row_stays_with_theano():
    x = T.fmatrix()
    check([x], scanned(lambda a: T.sort(a) * 2, x), X, left=["Scan"])
    f = on_torch([x], scanned(lambda a: T.sort(a) * 2, x))
    assert "SortOp" in str(engine.report(f))


@pytest.mark.parametrize("steps, error", [
    (0, NotImplementedError), (9, ValueError), (-1, IndexError)])
def test_steps_that_cannot_be(steps, error):
    x, n = T.fmatrix(), T.iscalar()
    f = on_torch([x, n], scanned(lambda a, p: a * p + 1, x,
                                 T.ones_like(x[0]), n_steps=n))
    with pytest.raises(error):
        f(X, steps)


def test_a_state_that_changes_its_shape_is_refused():
    h = T.fvector()
    out = scanned(lambda p: T.concatenate([p, p]), outputs_info=h, n_steps=3)
    for wanted in (out, out[-1]):
        for function in (on_torch, lambda *args: theano.function(
                *args, mode=FAST_RUN)):
            with pytest.raises((ValueError, RuntimeError)):
                function([h], wanted)(H)
