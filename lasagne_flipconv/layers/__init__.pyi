# Made by 'python tests/layer_stub.py'; do not edit.
from typing import Any, Callable, Sequence

from lasagne.layers import Layer, MergeLayer

from ..axes import Convention

class Conv1DLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        convolution: Callable[..., Any] | None = ...,
        **kwargs: Any
    ) -> None: ...

class Conv2DLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        convolution: Callable[..., Any] | None = ...,
        **kwargs: Any
    ) -> None: ...

class Conv3DLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        convolution: Callable[..., Any] | None = ...,
        **kwargs: Any
    ) -> None: ...

class Conv2DMMLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        num_groups: int = ...,
        **kwargs: Any
    ) -> None: ...

class Conv3DMMLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        num_groups: int = ...,
        **kwargs: Any
    ) -> None: ...

class Conv2DCCLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        dimshuffle: bool = ...,
        flip_filters: bool = ...,
        partial_sum: Any = ...,
        **kwargs: Any
    ) -> None: ...

class DilatedConv2DLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        dilation: int | Sequence[int] = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        **kwargs: Any
    ) -> None: ...

class Conv2DDNNLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        num_groups: int = ...,
        **kwargs: Any
    ) -> None: ...

class Conv3DDNNLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        num_groups: int = ...,
        **kwargs: Any
    ) -> None: ...

class LocallyConnected2DLayer(Conv2DLayer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        channelwise: bool = ...,
        **kwargs: Any
    ) -> None: ...

class TransposedConv1DLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        crop: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        output_size: Any = ...,
        **kwargs: Any
    ) -> None: ...

class TransposedConv2DLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        crop: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        output_size: Any = ...,
        **kwargs: Any
    ) -> None: ...

class TransposedConv3DLayer(Layer):
    @property
    def convention(self) -> Convention: ...
    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        crop: int | Sequence[int | tuple[int, int]] | str = ...,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        flip_filters: bool = ...,
        output_size: Any = ...,
        **kwargs: Any
    ) -> None: ...

Deconv1DLayer = TransposedConv1DLayer

Deconv2DLayer = TransposedConv2DLayer

Deconv3DLayer = TransposedConv3DLayer

class Pool2DDNNLayer(Pool2DLayer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class MaxPool2DDNNLayer(Pool2DDNNLayer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        **kwargs: Any
    ) -> None: ...

class Pool3DDNNLayer(Pool3DLayer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class MaxPool3DDNNLayer(Pool3DDNNLayer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        **kwargs: Any
    ) -> None: ...

class SpatialPyramidPoolingDNNLayer(SpatialPyramidPoolingLayer):
    def __init__(
        self,
        incoming: Any,
        pool_dims: Any = ...,
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class BatchNormDNNLayer(BatchNormLayer):
    def __init__(
        self,
        incoming: Any,
        axes: int | Sequence[int] | str = ...,
        epsilon: float = ...,
        alpha: Any = ...,
        beta: Any = ...,
        gamma: Any = ...,
        mean: Any = ...,
        inv_std: Any = ...,
        **kwargs: Any
    ) -> None: ...

def batch_norm_dnn(
    layer: Any,
    **kwargs: Any
) -> Any: ...

class MaxPool2DCCLayer(MaxPool2DLayer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        ignore_border: bool = ...,
        dimshuffle: bool = ...,
        **kwargs: Any
    ) -> None: ...

class ShuffleBC01ToC01BLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        name: str | None = ...
    ) -> None: ...

bc01_to_c01b = ShuffleBC01ToC01BLayer

class ShuffleC01BToBC01Layer(Layer):
    def __init__(
        self,
        incoming: Any,
        name: str | None = ...
    ) -> None: ...

c01b_to_bc01 = ShuffleC01BToBC01Layer

class NINLayer_c01b(Layer):
    def __init__(
        self,
        incoming: Any,
        num_units: int,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        **kwargs: Any
    ) -> None: ...

class DenseLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        num_units: int,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        num_leading_axes: int = ...,
        **kwargs: Any
    ) -> None: ...

class NINLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        num_units: int,
        untie_biases: bool = ...,
        W: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        **kwargs: Any
    ) -> None: ...

def autocrop(
    inputs: Any,
    cropping: Sequence[str | None] | None
) -> Any: ...

def autocrop_array_shapes(
    input_shapes: Any,
    cropping: Sequence[str | None] | None
) -> Any: ...

class ConcatLayer(MergeLayer):
    def __init__(
        self,
        incomings: Any,
        axis: Any = ...,
        cropping: Sequence[str | None] | None = ...,
        **kwargs: Any
    ) -> None: ...

concat = ConcatLayer

class ElemwiseMergeLayer(MergeLayer):
    def __init__(
        self,
        incomings: Any,
        merge_function: Callable[..., Any],
        cropping: Sequence[str | None] | None = ...,
        **kwargs: Any
    ) -> None: ...

class ElemwiseSumLayer(ElemwiseMergeLayer):
    def __init__(
        self,
        incomings: Any,
        coeffs: Any = ...,
        cropping: Sequence[str | None] | None = ...,
        **kwargs: Any
    ) -> None: ...

class DropoutLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        p: Any = ...,
        rescale: bool = ...,
        shared_axes: int | Sequence[int] | str = ...,
        **kwargs: Any
    ) -> None: ...

dropout = DropoutLayer

def dropout_channels(
    incoming: Any,
    *args: Any,
    **kwargs: Any
) -> Any: ...

spatial_dropout = dropout_channels

def dropout_locations(
    incoming: Any,
    *args: Any,
    **kwargs: Any
) -> Any: ...

class BatchNormLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        axes: int | Sequence[int] | str = ...,
        epsilon: float = ...,
        alpha: Any = ...,
        beta: Any = ...,
        gamma: Any = ...,
        mean: Any = ...,
        inv_std: Any = ...,
        **kwargs: Any
    ) -> None: ...

def batch_norm(
    layer: Any,
    **kwargs: Any
) -> Any: ...

class StandardizationLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        axes: int | Sequence[int] | str = ...,
        epsilon: float = ...,
        **kwargs: Any
    ) -> None: ...

def instance_norm(
    layer: Any,
    learn_scale: bool = ...,
    learn_bias: bool = ...,
    **kwargs: Any
) -> Any: ...

def layer_norm(
    layer: Any,
    **kwargs: Any
) -> Any: ...

class Pool1DLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class Pool2DLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class Pool3DLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class MaxPool1DLayer(Pool1DLayer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        **kwargs: Any
    ) -> None: ...

class MaxPool2DLayer(Pool2DLayer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        **kwargs: Any
    ) -> None: ...

class MaxPool3DLayer(Pool3DLayer):
    def __init__(
        self,
        incoming: Any,
        pool_size: int | Sequence[int],
        stride: int | Sequence[int] | None = ...,
        pad: int | Sequence[int | tuple[int, int]] | str = ...,
        ignore_border: bool = ...,
        **kwargs: Any
    ) -> None: ...

class SpatialPyramidPoolingLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        pool_dims: Any = ...,
        mode: str = ...,
        implementation: str = ...,
        **kwargs: Any
    ) -> None: ...

class CustomRecurrentLayer(MergeLayer):
    def __init__(
        self,
        incoming: Any,
        input_to_hidden: Any,
        hidden_to_hidden: Any,
        nonlinearity: Callable[..., Any] | None = ...,
        hid_init: Any = ...,
        backwards: bool = ...,
        learn_init: bool = ...,
        gradient_steps: int = ...,
        grad_clipping: float = ...,
        unroll_scan: bool = ...,
        precompute_input: bool = ...,
        mask_input: Any = ...,
        only_return_final: bool = ...,
        **kwargs: Any
    ) -> None: ...

class RecurrentLayer(CustomRecurrentLayer):
    def __init__(
        self,
        incoming: Any,
        num_units: int,
        W_in_to_hid: Any = ...,
        W_hid_to_hid: Any = ...,
        b: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        hid_init: Any = ...,
        backwards: bool = ...,
        learn_init: bool = ...,
        gradient_steps: int = ...,
        grad_clipping: float = ...,
        unroll_scan: bool = ...,
        precompute_input: bool = ...,
        mask_input: Any = ...,
        only_return_final: bool = ...,
        **kwargs: Any
    ) -> None: ...

class LSTMLayer(MergeLayer):
    def __init__(
        self,
        incoming: Any,
        num_units: int,
        ingate: Any = ...,
        forgetgate: Any = ...,
        cell: Any = ...,
        outgate: Any = ...,
        nonlinearity: Callable[..., Any] | None = ...,
        cell_init: Any = ...,
        hid_init: Any = ...,
        backwards: bool = ...,
        learn_init: bool = ...,
        peepholes: bool = ...,
        gradient_steps: int = ...,
        grad_clipping: float = ...,
        unroll_scan: bool = ...,
        precompute_input: bool = ...,
        mask_input: Any = ...,
        only_return_final: bool = ...,
        **kwargs: Any
    ) -> None: ...

class GRULayer(MergeLayer):
    def __init__(
        self,
        incoming: Any,
        num_units: int,
        resetgate: Any = ...,
        updategate: Any = ...,
        hidden_update: Any = ...,
        hid_init: Any = ...,
        backwards: bool = ...,
        learn_init: bool = ...,
        gradient_steps: int = ...,
        grad_clipping: float = ...,
        unroll_scan: bool = ...,
        precompute_input: bool = ...,
        mask_input: Any = ...,
        only_return_final: bool = ...,
        **kwargs: Any
    ) -> None: ...

class FlattenLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        outdim: int = ...,
        **kwargs: Any
    ) -> None: ...

flatten = FlattenLayer

class PadLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        width: Any,
        val: Any = ...,
        batch_ndim: int = ...,
        **kwargs: Any
    ) -> None: ...

pad = PadLayer

class SliceLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        indices: Any,
        axis: Any = ...,
        **kwargs: Any
    ) -> None: ...

class BiasLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        b: Any = ...,
        shared_axes: int | Sequence[int] | str = ...,
        **kwargs: Any
    ) -> None: ...

class ScaleLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        scales: Any = ...,
        shared_axes: int | Sequence[int] | str = ...,
        **kwargs: Any
    ) -> None: ...

def standardize(
    layer: Any,
    offset: Any,
    scale: Any,
    shared_axes: int | Sequence[int] | str = ...
) -> Any: ...

class ExpressionLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        function: Callable[..., Any],
        output_shape: Any = ...,
        **kwargs: Any
    ) -> None: ...

class InverseLayer(MergeLayer):
    def __init__(
        self,
        incoming: Any,
        layer: Any,
        **kwargs: Any
    ) -> None: ...

class ParametricRectifierLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        alpha: Any = ...,
        shared_axes: int | Sequence[int] | str = ...,
        **kwargs: Any
    ) -> None: ...

def prelu(
    layer: Any,
    **kwargs: Any
) -> Any: ...

class RandomizedRectifierLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        lower: Any = ...,
        upper: Any = ...,
        shared_axes: int | Sequence[int] | str = ...,
        **kwargs: Any
    ) -> None: ...

def rrelu(
    layer: Any,
    **kwargs: Any
) -> Any: ...

class TransformerLayer(MergeLayer):
    def __init__(
        self,
        incoming: Any,
        localization_network: Any,
        downsample_factor: Any = ...,
        border_mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class TPSTransformerLayer(MergeLayer):
    def __init__(
        self,
        incoming: Any,
        localization_network: Any,
        downsample_factor: Any = ...,
        control_points: int = ...,
        precompute_grid: Any = ...,
        border_mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class Upscale1DLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        scale_factor: int | Sequence[int],
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class Upscale2DLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        scale_factor: int | Sequence[int],
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...

class Upscale3DLayer(Layer):
    def __init__(
        self,
        incoming: Any,
        scale_factor: int | Sequence[int],
        mode: str = ...,
        **kwargs: Any
    ) -> None: ...
