"""Two ranks train as one process does."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from distributed_cases import run, said, write
from lasagne_flipconv.distributed.graphs import toposort
from lasagne_flipconv.distributed.normalization import without_statistics

pytest.importorskip("torch")

TRAIN = """
    def by_arithmetic(v):
        # as Lasagne 0.2 does, not by Theano's Op
        mean, axes = v.mean((0, 2, 3)), ("x", 0, "x", "x")
        inv_std = T.inv(T.sqrt(v.var((0, 2, 3)) + 1e-4))
        return (v - mean.dimshuffle(axes)) * inv_std.dimshuffle(axes)

    def network(normalized=False, dropped=False, by_hand=False):
        np.random.seed(3)
        lasagne.random.set_rng(np.random.RandomState(5))
        net = Conv2DLayer(InputLayer((None, 1, 8, 8), x), 8, 3)
        if normalized:
            net = batch_norm(net)
        if by_hand:
            net = ExpressionLayer(net, by_arithmetic)
        if dropped:
            net = DropoutLayer(GaussianNoiseLayer(net))
        return DenseLayer(net, 5, nonlinearity=softmax)

    def train(name, net, clip=None, single=False, each=16):
        p = get_output(net)
        loss = T.nnet.categorical_crossentropy(p, y).mean()
        params = get_all_params(net, trainable=True)
        grads = ([T.grad(loss, w) for w in params] if single
                 else theano.grad(loss, params))
        if clip:
            grads = lasagne.updates.total_norm_constraint(grads, clip)
        f = theano.function(
            [x, y], {"loss": loss, "right": T.eq(p.argmax(1), y).sum(),
                     "p": p, "norm": sum(T.sqr(g).sum() for g in grads)},
            updates=lasagne.updates.momentum(grads, params, .1), name=name)
        order = np.random.RandomState(4)
        found = [f(X[b], y=Y[b]) for b in (
            order.permutation(64)[:each] for _ in range(10))]
        averages = set(f.maker.fgraph.apply_nodes)
        averages = sum("Average" in str(n.op) for n in averages)
        say(**{name: dict(
            loss=[float(r["loss"]) for r in found],
            right=[int(r["right"]) for r in found],
            norm=[float(r["norm"]) for r in found],
            p=found[-1]["p"].tolist(), averages=averages,
            values=[v.tolist() for v in get_all_param_values(net)])})

    """

ALL = TRAIN + """
    train("plain", network())
    train("clipped", network(), clip=.5, single=True)
    net = network(normalized=True)
    train("normalized", net)
    train("by hand", network(by_hand=True))
    test = theano.function([x], get_output(net, deterministic=True))
    say(test=test(X).tolist())
    """


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the same script by two ranks, and by one process."""
    folder = tmp_path_factory.mktemp("runs")
    name = write(folder, ALL)
    return run(folder, name), run(folder, name, size=0)


@pytest.mark.parametrize("name", ["plain", "clipped"])
def test_losses_values_and_outputs_are_those_of_one_process(runs, name):
    for result in runs:
        assert result.returncode == 0, result.stderr
    two, one = (said(r)[name] for r in runs)
    other = said(runs[0], 1)[name]
    for what in ("loss", "norm", "p"):
        np.testing.assert_allclose(two[what], one[what], rtol=1e-5, atol=1e-6)
    assert np.shape(two["p"]) == (16, 5)
    assert two["right"] == one["right"]
    for a, b, c in zip(two["values"], one["values"], other["values"]):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(a, c)
    assert two == other


def test_gradients_go_in_one_message(runs):
    """Also those that were asked for one by one, and running statistics."""
    assert [said(runs[0])[n]["averages"] for n in (
        "plain", "clipped", "normalized", "by hand")] == [1] * 4


def test_running_statistics_are_averaged(runs):
    two, one = (said(r)["normalized"]["values"] for r in runs)
    other = said(runs[0], 1)["normalized"]["values"]
    assert all(np.array_equal(a, c) for a, c in zip(two, other))
    # beta, gamma, mean, inv_std follow W; the mean is one of means
    np.testing.assert_allclose(two[3], one[3], rtol=.1, atol=.02)
    np.testing.assert_allclose(two[4], one[4], rtol=.1, atol=.02)
    assert said(runs[0])["test"] == said(runs[0], 1)["test"]


def test_batch_normalization_is_said(runs):
    lines = [line for line in runs[0].stderr.splitlines()
             if "batch normalization takes the statistics" in line]
    assert len(lines) == 2
    for name, line in zip(("normalized", "by hand"), lines):
        assert "8 samples, not of all 16" in line
        assert "function " + name in line
    assert runs[0].stderr.count("the gradient is that of one process") == 4


SYNCHRONIZED = TRAIN + """
    train("normalized", network(normalized=True))
    train("by hand", network(by_hand=True))
    w, mean, variance = (theano.shared(np.ones(64, "float32"))
                         for _ in range(3))
    out, _, _, m, v = theano.tensor.nnet.bn.batch_normalization_train(
        x.flatten(2), w, w, running_average_factor=.5, running_mean=mean,
        running_var=variance)
    f = theano.function([x], T.sqr(out - 1).mean(), updates=[
        (w, w - .1 * T.grad(T.sqr(out - 1).mean(), w)), (mean, m),
        (variance, v)], name="running")
    say(one=[float(f(X[i:i + 8])) for i in range(0, 64, 8)][0],
        mean=mean.get_value().tolist(), variance=variance.get_value().tolist())
    """


def kept(statistic):
    """Return what a running statistic of the batches above ends with."""
    rows = np.random.RandomState(1).randn(64, 64).astype("float32")
    found = np.ones(64)
    for i in range(0, 64, 8):
        found = .5 * found + .5 * statistic(rows[i:i + 8])
    return found


def test_with_statistics_of_the_whole_batch(tmp_path, runs):
    """The order of the messages is the same on all ranks."""
    result = run(tmp_path, "--sync-batch-norm", write(tmp_path, SYNCHRONIZED))
    assert result.returncode == 0, result.stderr
    assert "batch normalization takes" not in result.stderr
    for name, count in (("normalized", 4), ("by hand", 7)):
        two, one = said(result)[name], said(runs[1])[name]
        assert said(result, 1)[name] == two
        assert two["averages"] == count
        for what in ("loss", "norm", "p"):
            np.testing.assert_allclose(two[what], one[what], rtol=1e-4,
                                       atol=1e-5)
        for a, b in zip(two["values"], one["values"]):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
    for name, statistic in (("mean", lambda a: a.mean(0)),
                            ("variance", lambda a: a.var(0, ddof=1))):
        np.testing.assert_allclose(said(result)[name], kept(statistic),
                                   rtol=1e-4, atol=1e-5)
        assert said(result, 1)[name] == said(result)[name]


@pytest.mark.parametrize("axes, count", [((0, 2, 3), 6), ((1, 2, 3), 0)])
def test_statistics_of_single_samples_stay(axes, count):
    shape = [1 if axis in axes else 4 for axis in range(4)]
    x, scale = T.ftensor4(), theano.shared(
        np.ones(shape, "float32"), broadcastable=[n == 1 for n in shape])
    y = T.nnet.bn.batch_normalization_train(x, scale, scale, axes)[0]
    nodes = toposort([y, T.grad(T.sqr(y).sum(), x)])
    assert len(without_statistics(nodes)) == count


LATER = TRAIN + """
    net = network()
    rate = T.fscalar("rate")
    each = T.nnet.categorical_crossentropy(get_output(net), y)
    f = theano.function([x, y, theano.In(rate, value=.1)], [
        each.mean(), T.gt(each, 2).sum(dtype="float32")],
        updates=lasagne.updates.sgd(each.mean(), get_all_params(net), rate))
    small, large = np.zeros_like(X[:16]), 9 * X[:16]
    found = [f(v, Y[:16]) for v in [small] * 6 + [large, large]]
    lists = f(X[:16].tolist(), y=Y[:16].tolist(), rate=.2)
    with theano.change_flags(compute_test_value="raise"):
        v, w = T.ftensor4(), T.ivector()
        v.tag.test_value, w.tag.test_value = X[:4], Y[:4]
        loss = T.nnet.categorical_crossentropy(
            get_output(net, v), w).mean()
        named = theano.function(
            [theano.In(v, name="images"), theano.In(w, name="labels"),
             theano.In(T.fscalar(), name="rate", value=1)],
            [loss, loss * w.shape[0]], on_unused_input="ignore",
            updates=lasagne.updates.sgd(loss, get_all_params(net), .1))
    lists = [lists, named(X[:16], labels=Y[:16]),
             named(images=X[:16], labels=Y[:16], rate=2)]
    only = T.eq(y, 1).nonzero()[0]
    g = theano.function([x, y], [get_output(net)[only], T.cast(
        x[only, 0, 0, 0] > 0, "uint16"), only[:0]],
        updates=lasagne.updates.sgd(each.mean(), get_all_params(net), .1))
    say(only=[[v.tolist() for v in g(X[i:i + 16], Y[i:i + 16])]
              for i in (0, 16, 32, 48)])
    say(found=[[float(v) for v in r] for r in found + lists])
    """


def test_what_is_left_out_given_as_a_list_or_zero_at_first(tmp_path):
    """A sum that was zero so far is taken for a mean once, which is said."""
    name = write(tmp_path, LATER)
    results = run(tmp_path, name), run(tmp_path, name, size=0)
    for result in results:
        assert result.returncode == 0, result.stderr
    two, one = (np.array(said(r)["found"]) for r in results)
    assert results[0].stderr.count("output 1 was zero in all steps that") == 1
    two[6, 1] *= 2
    np.testing.assert_allclose(two, one, rtol=1e-4)
    assert not one[:6, 1].any() and one[6:, 1].all()
    # rows, of which each rank has another number
    for two, one in zip(*(said(r)["only"] for r in results)):
        for a, b in zip(two, one):
            np.testing.assert_allclose(a, b, rtol=1e-4)


UNLIKE = TRAIN + """
    net = network()
    rank = int(os.environ.get("RANK", 0))
    for w in get_all_params(net):
        w.set_value(w.get_value() + rank)
    train("unlike", net)
    """


def test_all_begin_with_the_values_of_rank_0(tmp_path, runs):
    result = run(tmp_path, write(tmp_path, UNLIKE))
    assert result.returncode == 0, result.stderr
    two, one = said(result)["unlike"], said(runs[1])["plain"]
    assert two == said(result, 1)["unlike"]
    np.testing.assert_allclose(two["loss"], one["loss"], rtol=1e-5)


DROPPED = TRAIN + """
    train("dropped", network(dropped=True))
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    from theano.tensor.shared_randomstreams import RandomStreams
    W = theano.shared(np.ones(3, "float32"), "W")
    for kind in MRG_RandomStreams, RandomStreams:
        streams = kind(7)
        drawn = streams.uniform((x.shape[0], 3), dtype="float32")
        updates = lasagne.updates.sgd(
            (drawn * W * x[:, 0, 0, :3]).mean(), [W], .1)
        f = theano.function([x], drawn, updates=updates)
        other = theano.function([x], drawn, updates=updates)
        V = theano.shared(np.zeros(1000, "float32"), "V")
        step = T.grad((V[:3] * x[:, 0, 0, :3]).mean(), V) / 1000
        noise = [streams.normal(size, dtype="float32")
                 for size in (V.shape, (1000,))]
        steps = theano.function([x], updates=[(V, V - step + sum(noise))])
        for _ in range(2):
            steps(X[:16])
        g = theano.function([], streams.uniform((2,), dtype="float32"))
        say(**{kind.__name__: [f(X[:16]).tolist(), f(X[:16]).tolist(),
                               other(X[:16]).tolist()],
               kind.__name__ + " outside": g().tolist(),
               kind.__name__ + " noise": V.get_value().tolist()})
    say(W=W.get_value().tolist(), host=np.random.rand())
    """


def test_each_rank_draws_its_own_numbers(tmp_path):
    result = run(tmp_path, write(tmp_path, DROPPED))
    assert result.returncode == 0, result.stderr
    ours, theirs = said(result), said(result, 1)
    assert ours == theirs  # whole outputs, and what is drawn outside of steps
    for kind in ("MRG_RandomStreams", "RandomStreams"):
        first, second, third = (np.array(v) for v in ours[kind])
        assert first.shape == (16, 3)
        assert len(np.unique(first)) == first.size  # no row is repeated
        for one, other in ((first, second), (first, third), (second, third)):
            assert not set(one.ravel()) & set(other.ravel())
        assert 0 < first.min() and first.max() < 1
        # noise that is added to weights is no mean of those of the ranks
        assert 1.8 < np.std(ours[kind + " noise"]) < 2.2


SHARDED = TRAIN + """
    from lasagne_flipconv.distributed import shard
    net = network()
    own_x, own_y = shard(X, Y)
    loss = T.nnet.categorical_crossentropy(get_output(net), y).mean()
    params = get_all_params(net)
    updates = lasagne.updates.sgd(loss, params, .1)
    f = theano.function([x, y], loss, updates=updates)
    each = 16 * len(own_x) // len(X)
    losses = [float(f(own_x[i:i + each], own_y[i:i + each]))
              for i in range(0, len(own_x), each)]
    data, labels = theano.shared(own_x), theano.shared(own_y)
    floats = T.cast(theano.shared(own_y.astype("float32")), "int32")
    i, places = T.iscalar("i"), T.ivector("places")
    rows = slice(i * each, (i + 1) * each)
    found = {}
    for name, argument, own, of in (
            ("slice", i, labels, rows), ("cast", i, floats, rows),
            ("part", i, labels[:-2], rows), ("places", places, labels, places),
            ("whole", i, labels, slice(None)),
            ("mixed", i, labels, slice(0 * i, None))):
        pick = data if name in ("whole", "mixed") else data[of]
        g = theano.function([argument], [loss, loss * y.shape[0]],
                            updates=updates, name=name,
                            givens={x: pick, y: own[of]},
                            on_unused_input="ignore")
        found[name] = [[float(v) for v in g(
            k if argument is i else np.arange(k * each, (k + 1) * each,
                                              dtype="int32"))]
                       for k in range(3)]

    mean = theano.shared(np.zeros((8, 8), "float32"), "mean")

    def refused(name, loss, outputs, own=own_x, later=None, more=(), of=rows):
        mine = theano.shared(own, "mine", broadcastable=(False,) * 4)
        updates = lasagne.updates.sgd(loss, params, .1)
        updates.update(more)
        f = theano.function([i], outputs, givens={x: mine[of], y: labels[
            of]}, updates=updates, on_unused_input="ignore")
        if later is not None:
            mine.set_value(later)
            own = later
        try:
            f(0)
        except Exception as error:
            found[name] = str(error)
        found[name + " kept"] = bool((mine.get_value() == own).all())

    refused("sum", loss * y.shape[0], [])
    refused("output", loss, [x.max()])
    refused("own", loss, [], own_x[:20])
    refused("whole sum", loss * y.shape[0], [], of=slice(None))
    refused("rows", loss + T.sqr(params[-1] + 1).mean() / data.shape[0], [])
    refused("later", loss, [], own_x[:1], own_x,
            [(mean, .9 * mean + .1 * x.mean((0, 1)))])
    say(losses=losses, shape=own_x.shape, first=own_y[:2].tolist(),
        labels=Y.tolist(), **found)
    """


def test_data_that_the_script_splits_itself(tmp_path):
    name = write(tmp_path, SHARDED)
    results = run(tmp_path, name), run(tmp_path, name, size=0)
    for result in results:
        assert result.returncode == 0, result.stderr
    two, one = map(said, results)
    np.testing.assert_allclose(two["losses"], one["losses"], rtol=1e-5)
    assert two["shape"] == [32, 1, 8, 8]
    assert two["first"] == two["labels"][:4:2]
    assert said(results[0], 1)["first"] == two["labels"][1:4:2]
    assert results[0].stderr.count("the gradient is that of one process") == 6
    for name in ("slice", "cast", "part", "places", "whole"):
        np.testing.assert_allclose(two[name], one[name], rtol=1e-4)
    # which of both lengths is that of the batch is not known
    assert "function mixed: reads its batch from shared variables, so that " \
        "it cannot be compared with one process" in results[0].stderr
    np.testing.assert_allclose(two["mixed"], np.multiply(one["mixed"], [
        1, .5]), rtol=1e-4)
    for rank in (0, 1):
        errors = said(results[0], rank)
        for name in ("sum", "whole sum"):
            assert "the sum is 2 times the average" in errors[name]
        assert "output 0 of the whole batch" in errors["output"]
        assert "mine: has another value on rank 1" in errors["own"]
        assert "shard returned" in errors["own"]
        assert "the rows that shard gave this rank" in errors["rows"]
        for words in ("mine has as many rows as", "mean follows from it",
                      "before theano.function"):
            assert words in errors["later"]
        assert errors["own kept"]
