"""Recurrent layers as Lasagne has them, for PyTorch alone.

The text of these classes goes into the source code that is exported.
"""
import torch
from torch import nn

__all__ = ["GRU", "LSTM", "Recurrent", "SimpleRecurrent"]


class Recurrent(nn.Module):
    """Go through a sequence, step by step.

    Inputs are (batch, steps, inputs); a mask (batch, steps) leaves the state
    as it is where it is 0.
    """

    gates, states = 1, 1

    def __init__(self, inputs, units, functions, backwards=False,
                 only_last=False, learn_init=False, bias=True):
        super().__init__()
        self.functions = functions
        self.backwards, self.only_last = backwards, only_last
        self.W_in = nn.Parameter(torch.zeros(inputs, self.gates * units))
        self.W_hid = nn.Parameter(torch.zeros(units, self.gates * units))
        self.b = nn.Parameter(torch.zeros(self.gates * units)) if bias else 0.
        self.initial = nn.Parameter(torch.zeros(self.states, units),
                                    requires_grad=learn_init)

    def forward(self, x, mask=None, *initial):
        x = x @ self.W_in + self.b
        state = [start.expand(x.shape[0], -1) for start in self.initial]
        state[:len(initial)] = initial
        steps = range(x.shape[1])
        outputs = []
        for i in reversed(steps) if self.backwards else steps:
            new = self.step(x[:, i], *state)
            if mask is not None:
                here = mask[:, i, None] != 0
                new = [torch.where(here, a, b) for a, b in zip(new, state)]
            state = new
            outputs.append(state[0])
        if self.only_last:
            return outputs[-1]
        return torch.stack(outputs[::-1] if self.backwards else outputs, 1)

    def apply_function(self, which, x):
        name = self.functions[which]
        return x if name == "identity" else getattr(torch, name)(x)


class SimpleRecurrent(Recurrent):
    """Add the last output, times weights, to the input."""

    def step(self, x, hidden):
        return [self.apply_function(0, x + hidden @ self.W_hid)]


class GRU(Recurrent):
    """Mix the old state and a new one, as an update gate says."""

    gates = 3

    def step(self, x, hidden):
        x_reset, x_update, x_new = x.chunk(3, 1)
        reset, update, new = (hidden @ self.W_hid).chunk(3, 1)
        reset = self.apply_function(0, x_reset + reset)
        update = self.apply_function(1, x_update + update)
        new = self.apply_function(2, x_new + reset * new)
        return [(1 - update) * hidden + update * new]


class LSTM(Recurrent):
    """Keep a memory behind three gates, which see it through peepholes.

    With late_peephole, the output gate sees it after its nonlinearity, as in
    Lasagne 0.1.
    """

    gates, states = 4, 2

    def __init__(self, inputs, units, functions, backwards=False,
                 only_last=False, learn_init=False, bias=True,
                 late_peephole=False, peepholes=True):
        super().__init__(inputs, units, functions, backwards, only_last,
                         learn_init, bias)
        self.late_peephole = late_peephole
        self.peepholes = nn.Parameter(torch.zeros(3, units),
                                      requires_grad=peepholes)

    def step(self, x, hidden, cell):
        into, forget, new, out = (x + hidden @ self.W_hid).chunk(4, 1)
        into = self.apply_function(0, into + cell * self.peepholes[0])
        forget = self.apply_function(1, forget + cell * self.peepholes[1])
        cell = forget * cell + into * self.apply_function(2, new)
        seen = cell * self.peepholes[2]
        if self.late_peephole:
            out = self.apply_function(3, out) + seen
        else:
            out = self.apply_function(3, out + seen)
        return [out * self.apply_function(4, cell), cell]
