"""Recurrent layers, with the numbers of Lasagne 0.2.dev1.

``plain`` holds what all of them share, ``gated`` LSTM and GRU.
"""
from .gated import GRULayer, LSTMLayer
from .plain import CustomRecurrentLayer, RecurrentLayer

__all__ = ["CustomRecurrentLayer", "RecurrentLayer", "LSTMLayer", "GRULayer"]
