"""What would be another training is refused, with the reason, on all ranks."""
import numpy as np
import pytest
import theano
from distributed_cases import needs_torch, run, said, write
from lasagne_flipconv.distributed.checking import Comparison, rounded
from lasagne_flipconv.errors import FlipconvError
from theano.compile import In

REFUSED = """
    import pickle
    import theano.sandbox.rng_mrg
    import theano.sparse
    from lasagne_flipconv.distributed import shard, training
    from lasagne_flipconv.errors import FlipconvError
    rank = int(os.environ.get("RANK", 0))
    net = DenseLayer(InputLayer((None, 1, 8, 8), x), 5, nonlinearity=softmax)
    p = get_output(net)
    each = T.nnet.categorical_crossentropy(p, y)
    params = get_all_params(net)

    def make(inputs, loss, outputs=None, more=(), **options):
        updates = lasagne.updates.sgd(loss, params, .1)
        updates.update(more)
        return theano.function(inputs, loss if outputs is None else outputs,
                               updates=updates, name="train", **options)

    def refused(name, call):
        before = params[0].get_value()
        try:
            call()
        except FlipconvError as error:
            said = str(error)
        except Exception as error:
            said = "%s: %s" % (type(error).__name__, error)
        else:
            said = "nothing"
        same = bool((before == params[0].get_value()).all())
        say(**{name: said, name + " changed": not same})

    a, b = X[:16], Y[:16]
    good = make([x, y], each.mean())
    good(a, b)
    refused("good", lambda: good(a, b))
    refused("odd", lambda: good(X[:15], Y[:15]))
    refused("unlike", lambda: good(X[:16], Y[:14]))
    refused("wrong", lambda: good(a, z=b))
    refused("missing", lambda: good(a))
    refused("default", lambda: make(
        [x, theano.In(y, value=b)], each.mean())(a))
    table = theano.sparse.csr_matrix("table", dtype="float32")
    refused("sparse", lambda: make(
        [table, x, y], each.mean() + theano.sparse.sp_sum(table),
        on_unused_input="ignore"))
    refused("sum", lambda: make([x, y], each.sum())(a, b))
    i = T.iscalar("i")
    refused("index", lambda: make([i], each.mean(), givens={
        x: theano.shared(X)[i:i + 4], y: theano.shared(Y)[i:i + 4]})(3))
    refused("activity", lambda: make(
        [x, y], each.mean() + 1e-4 * T.sqr(p).sum())(a, b))
    m = T.fvector("m")
    mask = np.arange(16, dtype="float32")
    refused("mask", lambda: make([x, y, m], (each * m).sum() / m.sum())(
        a, b, mask))

    def later(call, *more, steps=1):
        # as if both parts were the same, so that nothing shows at first
        for _ in range(steps):
            call(*(np.tile(v[:8], (2,) + (1,) * (v.ndim - 1))
                   for v in (a, b) + more))
        return lambda: call(a, b, *more)

    refused("mask later", later(make(
        [x, y, m], (each * m).sum() / m.sum()), mask))
    refused("output later", later(make([x, y], each.mean(), [x.max()])))
    most = make([x, y], each.mean(), [
        each.mean(), T.cast(y.max(), "float32")])
    four = np.tile(np.int32([0, 4]), 8)
    for _ in range(8):
        most(a, four)
    most(a, np.int32([4] + [0] * 15))  # which is told
    refused("most later", lambda: most(a, np.int32([4] + [0] * 15)))
    refused("same later", later(make([x, y], each.mean(), [y[0]]), steps=2))
    counts = make([x, y], each.mean(), [T.extra_ops.bincount(y)])
    for _ in range(2):
        counts(a, np.tile(b[:8], 2))
    refused("shape later", lambda: counts(a, np.where(
        np.arange(16) < 8, 4, 3).astype("int32")))
    weights = np.ones(5, "float32")
    refused("weights", lambda: make(
        [x, y, m], (each * m[y]).mean())(a, b, weights))
    rows = x.reshape((x.shape[0], 64))
    refused("axis", lambda: make([x], T.tanh(T.dot(T.dot(
        rows.T, rows), params[0]) + params[1]).mean())(a))
    refused("output", lambda: make([x, y], each.mean(), [p.max()])(a, b))
    seen = theano.shared(np.int64(0), "seen")
    refused("count", lambda: make(
        [x, y], each.mean(), more=[(seen, seen + x.shape[0])])(a, b))
    most = theano.shared(np.float32(0), "most")
    refused("update", lambda: make(
        [x, y], each.mean(), more=[(most, T.maximum(most, x.max()))])(a, b))
    refused("fixed", lambda: make(
        [x, y], each.mean() + x.reshape((16, 64)).mean())(a, b))
    refused("copy", lambda: good.copy())
    refused("pickle", lambda: pickle.dumps(good))
    refused("subset", lambda: good(a, b, output_subset=[0]))
    refused("shard", lambda: shard(X, Y[:3]))
    loop = lambda: theano.function([x, y], theano.scan(
        lambda w: theano.grad(each.mean(), params)[0].sum() + w,
        sequences=params[1], non_sequences=[])[0])(a, b)
    refused("loop", loop)
    streams = theano.sandbox.rng_mrg.MRG_RandomStreams(3)
    noisy, states = theano.scan(
        lambda v: v + streams.uniform(v.shape, dtype="float32"),
        outputs_info=p, n_steps=2)
    refused("drawing loop", lambda: make(
        [x, y], T.sqr(noisy[-1]).mean(), more=states.items()))
    refused("other batch", lambda: good(X[rank:rank + 16], b))
    rate, data = theano.shared(np.float32(.1)), theano.shared(X)
    places = T.lvector("places")
    scheduled = theano.function(
        [places, y], each.mean(), givens={x: data[places]},
        updates=lasagne.updates.sgd(each.mean(), params, rate))
    scheduled(np.arange(16), b)
    rate.set_value(np.float32(.1 + rank))
    refused("rate", lambda: scheduled(np.arange(16), b))
    rate.set_value(np.float32(.1))
    for steps in range(2):
        scheduled(np.arange(16), b)
    data.set_value(np.random.RandomState(rank).permutation(X))
    refused("data", lambda: scheduled(np.arange(16), b))
    training.EVERY = 1
    good(a, b)
    if rank:
        params[0].set_value(params[0].get_value() + 1)
    refused("drifted", lambda: good(a, b))
    """

#: Case → words of the reason, and of the way out.
REASONS = {
    "good": ["nothing"],
    "odd": ["a batch of 15 samples", "x (15, 1, 8, 8), y (15,)",
            "for 2 ranks", "Leave the last batch out"],
    "unlike": ["different lengths on the first axis", "y (14,)"],
    "wrong": ["TypeError: Unknown input or state: z."],
    "missing": ["TypeError: Missing required input: y"],
    "default": ["could not be computed for a part of the batch",
                "instead of leaving it to a default (y)"],
    "sparse": ["table is of type Sparse[float32, csr]", "dense minibatches"],
    "sum": ["function train: the gradient of the whole batch",
            "the sum is 2 times", "a mean was meant",
            "Take the mean over the samples as loss"],
    "activity": ["times as large", "no mean over the samples"],
    "index": ["none of its arguments (i ()) has an axis for the batch",
              "distributed.shard"],
    "mask": ["times as large as averaged over the ranks", "no mean over"],
    "mask later": ["times as large as averaged over the ranks"],
    "output later": ["output 0 of the whole batch", "neither the mean nor"],
    "most later": ["output 1 of the whole batch, 4, is neither the mean nor",
                   "4, 0"],
    "same later": ["output 0 is ", " on the ranks", "function of its own"],
    "shape later": ["output 0 has the shapes (5,), (4,) on the ranks",
                    "function of its own"],
    "weights": ["different lengths on the first axis", "m (5,)",
                "shared variable"],
    "axis": ["times as large as averaged over the ranks",
             "the first axis of an argument is not that of the batch"],
    "output": ["output 0 of the whole batch", "in a function of its own"],
    "count": ["the update of seen", "int64", "expected floats"],
    "update": ["the update of most by the whole batch, norm ",
               "average of those by its 2 parts", "function of its own"],
    "fixed": ["could not be computed for a part of the batch",
              "None in their shapes"],
    "copy": ["a copy was asked for", "Call theano.function again"],
    "pickle": ["a copy was asked for", "Call theano.function again"],
    "subset": ["output_subset=[0]", "expected all outputs"],
    "shard": ["(64, 1, 8, 8), (3,)", "same number of rows"],
    "loop": ["within a loop of theano.scan"],
    "drawing loop": ["drawn within a loop of theano.scan", "as a sequence"],
    "other batch": ["rank 1 was given another batch than rank 0",
                    "seeded generators"],
    "rate": ["other values of shared variables, as a learning rate"],
    "data": ["other values of shared variables, as a learning rate"],
    "drifted": ["W: has another value on rank 1 than on rank 0"],
}


@pytest.mark.parametrize("moved, judged", [(1e-3, True), (1e-6, False)])
def test_a_gradient_may_differ_by_what_rounding_makes(moved, judged):
    """As where it turns the sign of what a rectifier gets."""
    w = theano.shared(np.ones(8, "float32"))
    average = w * 2
    comparison = Comparison([In(w, value=w.container, shared=True)],
                            [average], [], None, "f")
    expected = np.ones(8, "float32")
    found = expected + np.eye(8, dtype="float32")[0] * np.float32(2e-3)
    given = [found], [[], []], [expected], 2, None, lambda: [moved]
    if judged:
        assert 1e-4 < comparison._judged(*given).difference < 1e-3
    else:
        with pytest.raises(FlipconvError, match="times as large"):
            comparison._judged(*given)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_values_are_moved_by_their_rounding(dtype):
    values = np.arange(8).astype(dtype)
    found = rounded(values)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, values, rtol=1e-4)
    assert (found == values).all() == (dtype == "int32")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Return the run of all cases by two ranks."""
    folder = tmp_path_factory.mktemp("refused")
    return run(folder, write(folder, REFUSED))


@needs_torch
@pytest.mark.parametrize("name", REASONS)
def test_reason(result, name):
    assert result.returncode == 0, result.stderr
    for rank in (0, 1):
        text = said(result, rank)[name]
        for words in REASONS[name]:
            assert words in text


@needs_torch
def test_what_is_the_same_at_first_is_told_when_it_is_not(result):
    assert result.stderr.count(
        "output 1 was the same on all ranks in all steps that were compared; "
        "it is taken for a mean in this step") == 1


@needs_torch
@pytest.mark.parametrize("name", [n for n in REASONS if n not in (
    "good", "same later", "shape later")])
def test_nothing_is_changed(result, name):
    assert said(result)["good changed"]
    assert not said(result)[name + " changed"]
