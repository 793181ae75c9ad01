"""Recurrent layers, with the numbers of Lasagne 0.2.dev1.

Lasagne 0.1 adds the cell to the output gate after its nonlinearity, 0.2.dev1
before; that of 0.1 trains the first state of a `GRULayer` unless told not to.
"""
import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import InputLayer, helper
from lasagne.utils import unroll_scan

from ...parameters import MergeLayer
from .. import dense
from ..common import bases, choose, documented

__all__ = ["CustomRecurrentLayer", "RecurrentLayer"]

DenseLayer = choose("DenseLayer", dense.DenseLayer)


class _Recurrent(MergeLayer):
    """Take a step for each position of a sequence."""

    def _connect(self, incoming, mask_input, inits, kwargs):
        """Call the constructor with the layers that are read."""
        incomings, given = [incoming], dict(mask=mask_input, **inits)
        for name, value in given.items():
            is_read = (isinstance(value, lasagne.layers.Layer)
                       or name == "mask" and value is not None)
            setattr(self, name + "_incoming_index",
                    len(incomings) if is_read else -1)
            incomings += [value] if is_read else []
        MergeLayer.__init__(self, incomings, **kwargs)

    def _set(self, **options):
        """Keep how to run, once that is possible."""
        vars(self).update(options)
        steps = self.input_shapes[0][1]
        if self.unroll_scan and self.gradient_steps != -1:
            raise ValueError(
                "%s: gradient_steps=%r with unroll_scan=True; expected -1."
                % (type(self).__name__, self.gradient_steps))
        if self.unroll_scan and steps is None:
            raise ValueError(
                "%s: unroll_scan=True with input shape %r; expected a known "
                "number of steps." % (type(self).__name__,
                                      self.input_shapes[0]))

    def _add_state(self, name, value, shape):
        """Keep the first value of a state, as a parameter where it is one."""
        if not isinstance(value, lasagne.layers.Layer) and not (
                _is_per_example(value, len(shape))):
            value = self.add_param(value, shape, name, regularizable=False,
                                   trainable=self.learn_init)
        setattr(self, name, value)

    def _add_gates(self, num_units, **gates):
        """Create the parameters of gates, which have the same shapes."""
        num_inputs = int(np.prod(self.input_shapes[0][2:]))
        for name, gate in gates.items():
            for prefix, value, shape, tags in (
                    ("W_in_to_", gate.W_in, (num_inputs, num_units), {}),
                    ("W_hid_to_", gate.W_hid, (num_units, num_units), {}),
                    ("b_", gate.b, (num_units,), {"regularizable": False})):
                setattr(self, prefix + name, self.add_param(
                    value, shape, prefix + name, **tags))

    def __setstate__(self, state):
        """Complete the state of a layer that was pickled by Lasagne 0.1."""
        vars(self).update(state)
        if "only_return_final" not in state:
            self._complete()

    def _complete(self):
        self.only_return_final = False
        self.hid_init_incoming_index = self.cell_init_incoming_index = -1
        self.mask_incoming_index = 1 if len(self.input_shapes) > 1 else -1

    def _shape(self, input_shapes, trailing):
        steps = () if self.only_return_final else (input_shapes[0][1],)
        return (input_shapes[0][0],) + steps + tuple(trailing)

    def get_output_shape_for(self, input_shapes):
        return self._shape(input_shapes, (self.num_units,))

    def _stacked(self, *gates):
        """Return all weights of the input, of the state, and all biases."""
        return [T.concatenate([getattr(self, prefix + gate) for gate in gates],
                              axis=axis)
                for prefix, axis in (("W_in_to_", 1), ("W_hid_to_", 1),
                                     ("b_", 0))]

    def _part(self, x, n):
        """Return what is of the gate `n`, axes (batch, units)."""
        part = x[:, n * self.num_units:(n + 1) * self.num_units]
        return T.addbroadcast(part, 1) if self.num_units == 1 else part

    def _clipped(self, x):
        """Return an expression whose gradient is clipped if asked for."""
        if not self.grad_clipping:
            return x
        return theano.gradient.grad_clip(x, -self.grad_clipping,
                                         self.grad_clipping)

    def _first(self, name, inputs, num_batch):
        """Return the first value of a state for each example."""
        index = getattr(self, name + "_incoming_index")
        if index > 0:
            return inputs[index]
        value = getattr(self, name)
        if value not in self.params:
            return value[T.minimum(T.arange(num_batch), value.shape[0] - 1)]
        axes = [*range(1, value.ndim - 1), 0, value.ndim - 1]
        return T.dot(T.ones((num_batch, 1)), value.dimshuffle(axes))

    def _run(self, step, input, inputs, states, used):
        """Return the last state over a sequence.

        `step` takes one position of `input`, axes (steps, batch, ...), and
        the states, and returns a list of states; `used` are all variables
        that it uses.
        """
        sequences = [input]
        first = [self._first(name, inputs, input.shape[1]) for name in states]
        if self.mask_incoming_index > 0:
            mask = inputs[self.mask_incoming_index]
            sequences.append(mask.dimshuffle(
                1, 0, *"x" * (first[-1].ndim - 1)))
            step = _masked(step)
        options = dict(fn=step, sequences=sequences, outputs_info=first,
                       non_sequences=used, go_backwards=self.backwards)
        if self.unroll_scan:
            found = unroll_scan(n_steps=self.input_shapes[0][1], **options)
        else:
            found, _ = theano.scan(truncate_gradient=self.gradient_steps,
                                   strict=True, **options)
        return self._ordered(found[-1] if isinstance(found, list) else found)

    def _ordered(self, hidden):
        """Return states, axes (steps, batch, ...), as the output."""
        if self.only_return_final:
            return hidden[-1]
        hidden = hidden.dimshuffle(1, 0, *range(2, hidden.ndim))
        return hidden[:, ::-1] if self.backwards else hidden


def _masked(step):
    """Return a step that keeps the states of examples that are over."""
    def masked_step(input, mask, *rest):
        return [T.switch(mask, new, old)
                for new, old in zip(step(input, *rest), rest)]
    return masked_step


def _is_per_example(value, ndim):
    """Tell whether an expression is a state for each example, as in 0.1."""
    return (isinstance(value, T.TensorVariable) and value.ndim == ndim
            and not value.broadcastable[0])


def _steps_first(input):
    """Return a sequence with axes (steps, batch, features)."""
    return (input.flatten(3) if input.ndim > 3 else input).dimshuffle(1, 0, 2)


@documented
class CustomRecurrentLayer(*bases("CustomRecurrentLayer", _Recurrent)):
    """Run layers over a sequence, each step adding to the one before.

    Parameters
    ----------
    <sequence>
    input_to_hidden, hidden_to_hidden : Layer
        Applied to the input and to the state; what both give is added. Each
        ends in one input layer.
    nonlinearity : callable or None, default rectify
        Applied to the sum; None for none.
    <recurrent>
    <kwargs>

    Raises
    ------
    ValueError
        If shapes do not fit.
    """

    def __init__(self, incoming, input_to_hidden, hidden_to_hidden,
                 nonlinearity=nonlinearities.rectify,
                 hid_init=init.Constant(0.), backwards=False,
                 learn_init=False, gradient_steps=-1, grad_clipping=0,
                 unroll_scan=False, precompute_input=True, mask_input=None,
                 only_return_final=False, **kwargs):
        self._connect(incoming, mask_input, {"hid_init": hid_init}, kwargs)
        self._set(
            backwards=backwards, learn_init=learn_init,
            gradient_steps=gradient_steps, grad_clipping=grad_clipping,
            unroll_scan=unroll_scan, precompute_input=precompute_input,
            only_return_final=only_return_final,
            input_to_hidden=input_to_hidden, hidden_to_hidden=hidden_to_hidden,
            nonlinearity=nonlinearity or nonlinearities.identity)
        self._check_batch()
        self._check_sizes()
        self._add_state("hid_init", hid_init,
                        (1,) + hidden_to_hidden.output_shape[1:])

    def _check_batch(self):
        batch, steps = self.input_shapes[0][:2]
        wanted = self.hidden_to_hidden.output_shape[0]
        if self.precompute_input:
            wanted = None if None in (batch, steps) else batch * steps
        found = self.input_to_hidden.output_shape[0]
        if None not in (wanted, found) and wanted != found:
            raise ValueError(
                "%s: input_to_hidden has batch size %d with precompute_input="
                "%r; expected None or %d." % (
                    type(self).__name__, found, self.precompute_input, wanted))

    def _check_sizes(self):
        shape = self.input_to_hidden.output_shape
        for name, other in (
                ("its output", self.hidden_to_hidden.output_shape),
                ("its input", _input_of(self.hidden_to_hidden).output_shape)):
            if any(None not in sizes and len(set(sizes)) > 1
                   for sizes in zip(shape[1:], other[1:])):
                raise ValueError(
                    "%s: input_to_hidden has output shape %r, hidden_to_hidden"
                    " for %s %r; expected equal sizes after the first." % (
                        type(self).__name__, shape, name, other))
        _input_of(self.input_to_hidden)

    def get_params(self, **tags):
        own = _Recurrent.get_params(self, **tags)
        return (own + helper.get_all_params(self.input_to_hidden, **tags)
                + helper.get_all_params(self.hidden_to_hidden, **tags))

    def get_output_shape_for(self, input_shapes):
        return self._shape(input_shapes,
                           self.hidden_to_hidden.output_shape[1:])

    def get_output_for(self, inputs, **kwargs):
        input = inputs[0].dimshuffle(1, 0, *range(2, inputs[0].ndim))
        used = helper.get_all_params(self.hidden_to_hidden)
        if self.precompute_input:
            input = self._precomputed(input, kwargs)
        else:
            used += helper.get_all_params(self.input_to_hidden)

        def step(input, hidden, *used):
            sum = helper.get_output(self.hidden_to_hidden, hidden, **kwargs)
            sum += input if self.precompute_input else helper.get_output(
                self.input_to_hidden, input, **kwargs)
            return [self.nonlinearity(self._clipped(sum))]

        return self._run(step, input, inputs, ["hid_init"], used)

    def _precomputed(self, input, kwargs):
        """Return what `input_to_hidden` gives for all steps at once."""
        shape = [input.shape[axis] for axis in range(input.ndim)]
        joined = input.reshape([shape[0] * shape[1]] + shape[2:])
        joined = helper.get_output(self.input_to_hidden, joined, **kwargs)
        return joined.reshape(shape[:2] + [
            joined.shape[axis] for axis in range(1, joined.ndim)],
            ndim=joined.ndim + 1)


def _input_of(layer):
    """Return the one input layer of a network, or refuse it."""
    found = [each for each in helper.get_all_layers(layer)
             if isinstance(each, InputLayer)]
    if len(found) != 1:
        raise ValueError("%r: has %d input layers; expected exactly one."
                         % (layer, len(found)))
    return found[0]


@documented
class RecurrentLayer(*bases("RecurrentLayer", CustomRecurrentLayer)):
    """Run a dense layer over a sequence and its own output.

    Parameters
    ----------
    <sequence>
    num_units : int
        Number of units.
    W_in_to_hid, W_hid_to_hid, b : array, variable or callable
        The matrices, (inputs, units) and (units, units), and the bias,
        (units,).
    nonlinearity : callable or None, default rectify
        Applied to the sum; None for none.
    <recurrent>
    <kwargs>

    Examples
    --------
    >>> RecurrentLayer((None, 7, 3), 5, only_return_final=True).output_shape
    (None, 5)
    """

    def __init__(self, incoming, num_units, W_in_to_hid=init.Uniform(),
                 W_hid_to_hid=init.Uniform(), b=init.Constant(0.),
                 nonlinearity=nonlinearities.rectify,
                 hid_init=init.Constant(0.), backwards=False,
                 learn_init=False, gradient_steps=-1, grad_clipping=0,
                 unroll_scan=False, precompute_input=True, mask_input=None,
                 only_return_final=False, **kwargs):
        shape = getattr(incoming, "output_shape", incoming)
        name = kwargs["name"] + "." if "name" in kwargs else ""
        into = DenseLayer(
            InputLayer((None,) + tuple(shape[2:])), num_units, W_in_to_hid, b,
            None, **dict(kwargs, name=name + "input_to_hidden"))
        onto = DenseLayer(
            InputLayer((None, num_units)), num_units, W_hid_to_hid, None,
            None, **dict(kwargs, name=name + "hidden_to_hidden"))
        self.W_in_to_hid, self.W_hid_to_hid, self.b = into.W, onto.W, into.b
        CustomRecurrentLayer.__init__(
            self, incoming, into, onto, nonlinearity, hid_init, backwards,
            learn_init, gradient_steps, grad_clipping, unroll_scan,
            precompute_input, mask_input, only_return_final, **kwargs)
