"""Nonlinearities of Lasagne 0.2.dev1."""
import theano.tensor as T

__all__ = ["NAMES"]

#: What scripts find in Lasagne.
NAMES = ("SELU", "ScaledTanH", "ScaledTanh", "elu", "selu", "softplus")


def elu(x):
    """Return `x` where it is positive, else exp(x) - 1."""
    return T.switch(x > 0, x, T.expm1(x))


def softplus(x):
    """Return log(1 + exp(x)), a smooth rectifier."""
    return T.nnet.softplus(x)


class SELU:
    """Scale and shift the exponential linear unit.

    Parameters
    ----------
    scale, scale_neg : float, default 1
        Factor of everything, and of the negative part before.
    """

    def __init__(self, scale=1, scale_neg=1):
        self.scale, self.scale_neg = scale, scale_neg

    def __call__(self, x):
        return self.scale * T.switch(x > 0., x, self.scale_neg * T.expm1(x))


#: The self-normalizing unit: scales by Klambauer et al., arXiv:1706.02515.
selu = SELU(scale=1.0507009873554804934193349852946,
            scale_neg=1.6732632423543772848170429916717)


class ScaledTanH:
    """Scale the hyperbolic tangent.

    Parameters
    ----------
    scale_in, scale_out : float, default 1
        Factor of the input, and of the output.
    """

    def __init__(self, scale_in=1, scale_out=1):
        self.scale_in, self.scale_out = scale_in, scale_out

    def __call__(self, x):
        return T.tanh(x * self.scale_in) * self.scale_out


ScaledTanh = ScaledTanH
