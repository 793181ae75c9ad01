"""Write a network as ONNX, or as source code for PyTorch."""
from ...errors import FlipconvError
from ..output import tell

EXAMPLE = "lasagne-flipconv export vgg16.py:build_model vgg16.pkl vgg16.onnx"


def add_arguments(parser):
    """Add script, weights, what to write, and what is not known."""
    parser.add_argument("script", metavar="SCRIPT:FUNCTION",
                        help="the script, and its function that builds the "
                             "network")
    parser.add_argument("weights", metavar="WEIGHTS",
                        help="the file of weights, in any format")
    parser.add_argument("target", metavar="OUT",
                        help="a file that ends in .onnx, or a folder for "
                             "source code")
    parser.add_argument("--input-shape", metavar="N,N,...",
                        help="what the function gets as the shape of its "
                             "input; None for a size that is open")
    parser.add_argument("--orientation", metavar="WORD",
                        help="'convolution' or 'correlation', if the weights "
                             "do not say")
    parser.add_argument("--python2", action="store_true",
                        help="translate the script from Python 2")


def run(args):
    """Build, load, export; print how well it agrees."""
    from ...leaving.exporting import export
    from ...scripts.building import built_by
    from ...scripts.running import choose_floatx
    from ...weights.checkpoint import load
    choose_floatx()
    network = built_by(args.script, _shape(args.input_shape), args.python2)
    load(args.weights, network, orientation=args.orientation)
    record = export(network, args.target)
    tell("%s: written; differs from the network by at most %.1e (largest "
         "output %.3g)" % (record.path, record.difference, record.largest))
    tell("layers: %d by the table, %d by their graph%s" % (
        len(record.by_row), len(record.by_graph),
        "; opset %d" % record.opset if record.opset else ""))
    return 0


def _shape(text):
    """Return a shape that was typed."""
    if text is None:
        return None
    try:
        return tuple(None if size.strip() == "None" else int(size)
                     for size in text.split(","))
    except ValueError:
        raise FlipconvError(
            "--input-shape %s: is no shape; expected numbers with commas "
            "between, such as None,3,224,224." % text) from None
