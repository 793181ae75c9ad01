"""The table of file formats: one file and one row each.

A format is a module here with ``sniff(head)``, which tells by the first bytes
of a file whether it may be one, and ``read(file, limits)``, which returns a
:class:`~.record.Checkpoint` or refuses; those we write have
``write(file, checkpoint)``. The modules are imported when first needed, and
the libraries that some of them use when such a file is read.
"""
import importlib
from collections import namedtuple

from ..errors import CheckpointError

__all__ = ["FORMATS", "HEAD", "format_of", "said_of", "writer_of"]

#: `functions` begin with this module and end with this suffix; `suffixes` are
#: the ends of file names that promise the format.
Format = namedtuple("Format", "module suffix suffixes writes")

#: How many bytes of a file are looked at to tell its format.
HEAD = 4096

#: In this order they are asked whether a file is theirs.
FORMATS = {
    "npz": Format("npz", "", (".npz",), True),
    "npy": Format("npy", "", (".npy",), False),
    "torch": Format("pytorch", "", (".pt", ".pth"), False),
    "torch-legacy": Format("pytorch", "_legacy", (".pt", ".pth"), False),
    "keras": Format("keras", "", (".keras",), False),
    "hdf5": Format("hdf5", "", (".h5", ".hdf5"), False),
    "gzip": Format("pickled", "_gzip", (".gz", ".pkl", ".pickle", ".p"),
                   False),
    "bz2": Format("pickled", "_bz2", (".bz2", ".pkl", ".pickle", ".p"),
                  False),
    "safetensors": Format("safetensors", "", (".safetensors",), True),
    "onnx": Format("onnx", "", (".onnx",), False),
    "caffe": Format("caffe", "", (".caffemodel",), False),
    "pickle": Format("pickled", "", (".pkl", ".pickle", ".p"), False),
}


def function_of(name, verb):
    """Return a function of a format's module."""
    row = FORMATS[name]
    module = importlib.import_module("." + row.module, __name__)
    return getattr(module, verb + row.suffix)


def format_of(head, where):
    """Tell the format of a file by its content; its suffix must agree.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.
    where : str
        Its name.

    Returns
    -------
    str
        A key of :data:`FORMATS`.

    Raises
    ------
    CheckpointError
        If no format is recognised, or the suffix promises another.
    """
    found = next((name for name in FORMATS
                  if function_of(name, "sniff")(head)), None)
    lower = str(where).lower()
    promised = [name for name, row in FORMATS.items()
                if lower.endswith(row.suffixes)]
    if found is None:
        raise _unknown(bytes(head), where)
    if promised and found not in promised:
        raise CheckpointError(
            "%s: is named like %s, but its content is %s; expected both to "
            "agree. Rename it to end in %r if it comes from where you think."
            % (where, " or ".join(promised), found,
               FORMATS[found].suffixes[0]))
    return found


_ZLIB = ("is compressed by zlib, as joblib.dump does",
         "If you trust it as you would a program, numpy.savez('weights.npz', "
         "*joblib.load(path)) of a list of arrays gives one that is read.")

#: How files begin that stand for weights and hold none: what each is.
_NO_WEIGHTS = {
    b"version https://git-lfs": (
        "is a pointer of Git LFS, not the file itself",
        "Get it with 'git lfs pull', or download it from the project's page."),
    b"/annex/objects/": (
        "is a pointer of git-annex, not the file itself",
        "Get it with 'git annex get'."),
    b"x\x01": _ZLIB, b"x^": _ZLIB, b"x\x9c": _ZLIB, b"x\xda": _ZLIB,
    b"\xfd7zxz": ("is compressed by xz", "Unpack it: xz -d."),
    b"\x28\xb5\x2f\xfd": ("is compressed by zstd", "Unpack it: zstd -d."),
    b"<!doctype html": ("is a web page", "Download the file itself, not the "
                        "page that shows it."),
    b"<html": ("is a web page", "Download the file itself, not the page that "
               "shows it."),
    b"<?xml": ("is XML, as servers send instead of a file",
               "Open it to read why, and download the file again.")}


def _unknown(head, where):
    """Return the error for a file whose format is not known."""
    for what, way_out in _stands_for(head):
        return CheckpointError("%s: %s; expected a file of weights. %s"
                               % (where, what, way_out))
    return CheckpointError(
        "%s: begins with %r, which is no format that is known; expected "
        "one of %s. Unpack it if it is an archive."
        % (where, head[:8], ", ".join(FORMATS)))


def _stands_for(head):
    """Yield what a file is that stands for weights, and the way out."""
    begin = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, said in _NO_WEIGHTS.items():
        if begin.startswith(start):
            yield said


#: What runs the pickles within files that are none by themselves.
_RUN_BY = dict.fromkeys(("npy", "npz"), (
    "numpy.load(path, allow_pickle=True), after lasagne_flipconv.install(),"))
_RUN_BY.update(dict.fromkeys(("torch", "torch-legacy"), (
    "torch.load(path, weights_only=False)")))


def said_of(head):
    """Tell what a file is that is no pickle, and what to do with it.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.

    Returns
    -------
    str
        The end of an error text; empty if it is not known.
    """
    for what, way_out in _stands_for(head):
        return "It %s. %s" % (what, way_out)
    name = next((name for name in FORMATS
                 if function_of(name, "sniff")(head)), None)
    if name in (None, "pickle", "gzip", "bz2"):
        return ""
    return ("Its content is %s: lasagne_flipconv.load(path, network) reads "
            "values in it%s." % (name, "; %s runs what is pickled there"
                                 % _RUN_BY[name] if name in _RUN_BY else ""))


def writer_of(path):
    """Return the function that writes the format a path ends in.

    Parameters
    ----------
    path : str
        Where to write.

    Returns
    -------
    callable
        ``write(file, checkpoint)``.

    Raises
    ------
    CheckpointError
        If it is no format that we write.
    """
    for name, row in FORMATS.items():
        if row.writes and str(path).lower().endswith(row.suffixes):
            return function_of(name, "write")
    raise CheckpointError(
        "%s: ends in no format that is written; expected one of %s."
        % (path, ", ".join(row.suffixes[0] for row in FORMATS.values()
                           if row.writes)))
