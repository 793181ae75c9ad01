"""Recurrent layers with gates: LSTM and GRU."""
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import Gate

from ..common import bases, documented
from .plain import _Recurrent, _steps_first

__all__ = ["LSTMLayer", "GRULayer"]


@documented
class LSTMLayer(*bases("LSTMLayer", _Recurrent)):
    """Run a long short-term memory over a sequence.

    Parameters
    ----------
    <sequence>
    num_units : int
        Number of units.
    ingate, forgetgate, cell, outgate : lasagne.layers.Gate
        Parameters and nonlinearity of each gate and of the cell.
    nonlinearity : callable or None, default tanh
        Applied to the cell; None for none.
    cell_init : array, variable, callable or Layer
        As `hid_init`, of the cell.
    peepholes : bool, default True
        Whether the gates see the cell.
    <recurrent>
    <kwargs>

    Notes
    -----
    Lasagne 0.1 adds what the output gate sees of the cell after the gate's
    nonlinearity, 0.2.dev1 before, as here. A layer that Lasagne 0.1 pickled
    goes on to compute as it did: its `peephole_after` is true.

    Examples
    --------
    >>> layer = LSTMLayer((None, 7, 3), 5)
    >>> layer.output_shape, layer.peephole_after
    ((None, 7, 5), False)
    """

    peephole_after = False

    def __init__(self, incoming, num_units, ingate=Gate(), forgetgate=Gate(),
                 cell=Gate(W_cell=None, nonlinearity=nonlinearities.tanh),
                 outgate=Gate(), nonlinearity=nonlinearities.tanh,
                 cell_init=init.Constant(0.), hid_init=init.Constant(0.),
                 backwards=False, learn_init=False, peepholes=True,
                 gradient_steps=-1, grad_clipping=0, unroll_scan=False,
                 precompute_input=True, mask_input=None,
                 only_return_final=False, **kwargs):
        self._connect(incoming, mask_input, {
            "hid_init": hid_init, "cell_init": cell_init}, kwargs)
        self._set(
            num_units=num_units, peepholes=peepholes, learn_init=learn_init,
            backwards=backwards, gradient_steps=gradient_steps,
            grad_clipping=grad_clipping, unroll_scan=unroll_scan,
            precompute_input=precompute_input,
            only_return_final=only_return_final,
            nonlinearity=nonlinearity or nonlinearities.identity,
            nonlinearity_ingate=ingate.nonlinearity,
            nonlinearity_forgetgate=forgetgate.nonlinearity,
            nonlinearity_cell=cell.nonlinearity,
            nonlinearity_outgate=outgate.nonlinearity)
        self._add_gates(num_units, ingate=ingate, forgetgate=forgetgate,
                        cell=cell, outgate=outgate)
        if peepholes:
            self._add_peepholes(ingate=ingate, forgetgate=forgetgate,
                                outgate=outgate)
        self._add_state("cell_init", cell_init, (1, num_units))
        self._add_state("hid_init", hid_init, (1, num_units))

    def _add_peepholes(self, **gates):
        for name, gate in gates.items():
            name = "W_cell_to_" + name
            setattr(self, name, self.add_param(
                gate.W_cell, (self.num_units,), name))

    def _complete(self):
        super()._complete()
        self.peephole_after = True

    def get_output_for(self, inputs, **kwargs):
        W_in, W_hid, b = self._stacked("ingate", "forgetgate", "cell",
                                       "outgate")
        input, used = _steps_first(inputs[0]), [W_hid]
        if self.precompute_input:
            input = T.dot(input, W_in) + b
        else:
            used += [W_in, b]
        if self.peepholes:
            used += [self.W_cell_to_ingate, self.W_cell_to_forgetgate,
                     self.W_cell_to_outgate]

        def step(input, cell, hidden, *used):
            if not self.precompute_input:
                input = T.dot(input, W_in) + b
            gates = self._clipped(input + T.dot(hidden, W_hid))
            return self._next(cell, *(self._part(gates, n) for n in range(4)))

        return self._run(step, input, inputs, ["cell_init", "hid_init"], used)

    def _next(self, cell, ingate, forgetgate, new, outgate):
        """Return the next cell and the next output."""
        if self.peepholes:
            ingate += cell * self.W_cell_to_ingate
            forgetgate += cell * self.W_cell_to_forgetgate
        cell = (self.nonlinearity_forgetgate(forgetgate) * cell
                + self.nonlinearity_ingate(ingate)
                * self.nonlinearity_cell(new))
        seen = cell * self.W_cell_to_outgate if self.peepholes else 0
        if self.peephole_after:
            outgate = self.nonlinearity_outgate(outgate) + seen
        else:
            outgate = self.nonlinearity_outgate(outgate + seen)
        return [cell, outgate * self.nonlinearity(cell)]


@documented
class GRULayer(*bases("GRULayer", _Recurrent)):
    """Run a gated recurrent unit over a sequence.

    Parameters
    ----------
    <sequence>
    num_units : int
        Number of units.
    resetgate, updategate, hidden_update : lasagne.layers.Gate
        Parameters and nonlinearity of each gate and of the new state.
    <recurrent>
    <kwargs>

    Examples
    --------
    >>> layer = GRULayer((None, 7, 3), 5)
    >>> [param.name for param in layer.get_params(trainable=False)]
    ['hid_init']
    """

    def __init__(self, incoming, num_units, resetgate=Gate(W_cell=None),
                 updategate=Gate(W_cell=None),
                 hidden_update=Gate(W_cell=None,
                                    nonlinearity=nonlinearities.tanh),
                 hid_init=init.Constant(0.), backwards=False,
                 learn_init=False, gradient_steps=-1, grad_clipping=0,
                 unroll_scan=False, precompute_input=True, mask_input=None,
                 only_return_final=False, **kwargs):
        self._connect(incoming, mask_input, {"hid_init": hid_init}, kwargs)
        self._set(
            num_units=num_units, learn_init=learn_init, backwards=backwards,
            gradient_steps=gradient_steps, grad_clipping=grad_clipping,
            unroll_scan=unroll_scan, precompute_input=precompute_input,
            only_return_final=only_return_final,
            nonlinearity_updategate=updategate.nonlinearity,
            nonlinearity_resetgate=resetgate.nonlinearity,
            nonlinearity_hid=hidden_update.nonlinearity)
        self._add_gates(num_units, updategate=updategate, resetgate=resetgate,
                        hidden_update=hidden_update)
        self._add_state("hid_init", hid_init, (1, num_units))

    def get_output_for(self, inputs, **kwargs):
        W_in, W_hid, b = self._stacked("resetgate", "updategate",
                                       "hidden_update")
        input, used = _steps_first(inputs[0]), [W_hid]
        if self.precompute_input:
            input = T.dot(input, W_in) + b
        else:
            used += [W_in, b]

        def step(input, hidden, *used):
            of_hidden = self._clipped(T.dot(hidden, W_hid))
            input = self._clipped(input)
            if not self.precompute_input:
                input = T.dot(input, W_in) + b
            return [self._next(hidden, input, of_hidden)]

        return self._run(step, input, inputs, ["hid_init"], used)

    def _next(self, hidden, input, of_hidden):
        """Return the next state."""
        reset, update = (self._part(of_hidden, n) + self._part(input, n)
                         for n in range(2))
        new = self._part(input, 2) + self.nonlinearity_resetgate(
            reset) * self._part(of_hidden, 2)
        new = self.nonlinearity_hid(self._clipped(new))
        update = self.nonlinearity_updategate(update)
        return (1 - update) * hidden + update * new
