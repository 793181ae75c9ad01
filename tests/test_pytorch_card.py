"""Values on a card that is none, from which all has to be copied."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv import engine
from pytorch_cases import FAST_RUN, same, torch, torch_mode

# isort: split
from lasagne_flipconv.pytorch.devices import TOTAL
from pytorch_card import DEVICE, Card
from test_pytorch_loops import LOOPS, H, W, X
from test_pytorch_networks import HERE as NAMES
from test_pytorch_networks import LAYERS, values
from test_pytorch_training import dense, residual, trained

ONES = np.ones(3, "float32")


@pytest.fixture
def card():
    with Card() as card, engine.using("torch", device=str(DEVICE)):
        yield card


def test_the_card_is_as_strict_as_one(card):
    there, here = torch.ones(2, device=DEVICE), torch.ones(2)
    with pytest.raises(TypeError):
        there.numpy()
    with pytest.raises(RuntimeError, match="same device"):
        there + here
    assert there.device == DEVICE and (there[:1] * 2).device == DEVICE
    assert card.down == 0 and there.cpu().numpy().sum() == 2
    assert card.down == 8 and card.up == 0
    assert there.sum().item() == 2 and card.reads == ["item"]


def test_a_step_of_training_moves_the_batch_and_the_loss(card):
    """No value is read in between, and dropout draws its numbers there."""
    mode = theano.compile.mode.get_default_mode()
    ours = trained(residual, mode, 3)
    theirs = trained(residual, FAST_RUN, 3)
    same(ours[0], theirs[0], 1e-4)
    same(ours[1], theirs[1], 1e-4)
    batch = values((8, 3, 12, 12)), np.zeros(8, "int32")
    before = card.up, card.down, len(card.reads)
    ours[2](*batch)
    moved = card.up - before[0], card.down - before[1]
    assert moved == ours[2].fn.moved == (batch[0].nbytes + batch[1].nbytes, 4)
    assert len(card.reads) == before[2]


def test_what_is_counted_is_what_is_moved(card):
    before = TOTAL.up - card.up, TOTAL.down - card.down
    w = theano.shared(ONES)
    i, x = T.iscalar(), T.fmatrix()
    n = theano.shared(np.int32(1))
    f = theano.function([i, x], [x[i:, n:] + w[0], x.sum(0), x.shape,
                                 T.zeros((i, n)), x.reshape(T.stack([
                                     x.shape[1], x.shape[0]]))],
                        updates=[(w, w * 2), (n, n + 0)])
    for _ in range(2):
        f(1, values((2, 3)))
        w.get_value()
        w.set_value(ONES)
    assert (TOTAL.up - card.up, TOTAL.down - card.down) == before


@pytest.mark.parametrize("name", NAMES)
def test_layers_stay_on_the_card(card, name):
    import lasagne
    layer = LAYERS[name]()
    inputs = [x for x in lasagne.layers.get_all_layers(layer)
              if isinstance(x, lasagne.layers.InputLayer)]
    out = lasagne.layers.get_output(layer)
    params = lasagne.layers.get_all_params(layer, trainable=True)
    grads = T.grad((out ** 2).sum(), params) if params else []
    f = theano.function([x.input_var for x in inputs], [out.sum(), *(
        g.sum() for g in grads)])
    given = [values(x.shape) if "float" in x.input_var.dtype
             else np.zeros(x.shape, x.input_var.dtype) for x in inputs]
    f(*given)
    before = card.up, card.down
    f(*given)
    assert card.up - before[0] == sum(x.nbytes for x in given)
    assert card.down - before[1] == 4 * (1 + len(grads))
    assert not card.reads


@pytest.mark.parametrize("name", LOOPS)
def test_loops_stay_on_the_card(card, name):
    x, h, w = T.fmatrix(), T.fvector(), T.fmatrix()
    out = LOOPS[name](x, h, w)
    f = theano.function([x, h, w], [out[-1].sum(), T.grad(
        (out ** 2).sum(), x, disconnected_inputs="ignore").sum()],
        on_unused_input="ignore")
    before = card.down
    f(X, H, W)
    counts = name in ("by numbers", "a piece set")  # which is read at once
    assert card.down - before <= 8 + counts * 2 * 8 * len(X)


def test_values_are_brought_when_they_are_wanted(card):
    """By Theano's functions, by whoever asks, and what is left to Theano."""
    w = theano.shared(ONES, "w")
    step = theano.function([], T.sort(w).sum(), updates=[(w, w + 1)])
    other = theano.function([], w.sum(), updates=[(w, 2 * w)], mode=FAST_RUN)
    assert (step(), other(), step(), other()) == (3, 6, 12, 15)
    same(w.get_value(), 10 * ONES)
    w.get_value(borrow=True)[:] = 1
    assert (step(), other()) == (3, 6)
    w.set_value(5 * ONES)
    assert (other(), step(), step()) == (15, 30, 33)
    same(w.container.value, 12 * ONES)


def test_a_borrowed_value_can_be_written_into(card):
    """What the device has of it is old from then on."""
    w = theano.shared(ONES, "w")
    f = theano.function([], w.sum(), updates=[(w, w + 1)])
    assert f() == 3
    w.get_value(borrow=True)[:] = 10
    assert f() == 30
    same(w.get_value(), 11 * ONES)


def test_one_value_on_two_devices(card):
    w = theano.shared(ONES, "w")
    there, here = (theano.function(
        [], w.sum(), updates=[(w, w + 1)], mode=torch_mode(device))
        for device in (str(DEVICE), "cpu"))
    for expected in (3, 9):
        assert there() == expected and here() == expected + 3
    same(w.get_value(), 5 * ONES)


def test_update_rules_stay_on_the_card(card):
    import lasagne
    rule = lasagne.updates.adam if hasattr(lasagne.updates, "adam") else (
        lasagne.updates.nesterov_momentum)
    mode = theano.compile.mode.get_default_mode()
    build = lambda: dense(lambda *args: rule(*args, .01))  # noqa: E731
    ours, theirs = (trained(build, m, 4) for m in (mode, FAST_RUN))
    same(ours[0], theirs[0], 1e-5)
    assert not card.reads
