"""What to tell after a script has stopped: it is of another time.

Written in Python 2, for Lasagne before its release 0.1, or NumPy before 2.
"""
import ast
import linecache
import os
import re
import sys
import traceback
from urllib.error import HTTPError, URLError

from ..errors import escaped
from . import notebooks, python2
from .whose import belongs_to_program

__all__ = ["hint"]


def hint(error, from_python2=False):
    """Tell what an error of a script says about when it was written.

    Parameters
    ----------
    error : BaseException or None
        What stopped it.
    from_python2 : bool, default False
        Whether it was translated.

    Returns
    -------
    str or None
        What to tell the user, None if it may be anything.

    Examples
    --------
    >>> hint(ModuleNotFoundError("No module named 'cPickle'", name="cPickle"))
    'cPickle is a module of Python 2; pass --python2 to run it translated.'
    """
    if error is None:
        return None
    where = _where(error)
    if not from_python2:
        for tell in (_of_syntax, _of_module, _of_text):
            told = tell(error)
            if told:
                return (where + told + "; pass --python2 to run it "
                        "translated.")
    elif _of_syntax(error):
        return (_of_syntax(error) + "; -m runs what reads it itself, "
                "untranslated. Write in it what -m was to do, such as import "
                "pdb; pdb.set_trace().")
    return (_of_lasagne(error, where) or _of_numpy(error, where)
            or _of_gpu(error, where) or _of_compiled(error, where)
            or _of_linking(error) or _of_download(error, where)
            or _of_kernel(error, from_python2))


def _where(error):
    """Return file and line of an error, as the beginning of a text."""
    if isinstance(error, SyntaxError):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames
           if belongs_to_program(frame.filename)
           and os.path.isfile(notebooks.file_of(frame.filename))]
    return "%s, line %d: " % (own[-1].filename, own[-1].lineno) if own else ""


def _of_syntax(error):
    path = getattr(error, "filename", None)
    if isinstance(error, SyntaxError) and path and (
            notebooks.is_python2_cell(path)
            or os.path.isfile(path) and python2.is_python2(path)):
        return "%s is written in Python 2" % path
    return None


def _of_module(error):
    """Return what to say about a module that is not there."""
    if not isinstance(error, ModuleNotFoundError):
        return None
    name = error.name or ""
    if name in python2.GONE:
        return "%s is a module of Python 2" % name
    frames = traceback.extract_tb(error.__traceback__)
    folder = os.path.dirname(frames[-1].filename) if frames else ""
    beside = os.path.join(folder, *name.split("."))
    if os.path.isfile(os.path.join(folder, "__init__.py")) and (
            os.path.isfile(beside + ".py")
            or os.path.isfile(os.path.join(beside, "__init__.py"))):
        return ("%s lies in the same package, where Python 2 finds it by that "
                "name" % name)
    return None


def _of_kernel(error, from_python2):
    """Return what to say about a notebook of a kernel of Python 2."""
    frames = traceback.extract_tb(error.__traceback__)
    for place in [str(getattr(error, "filename", "")),
                  *(frame.filename for frame in reversed(frames))]:
        file = notebooks.file_of(place)
        if not from_python2 and file != place and os.path.isfile(file) and (
                notebooks.of_python2(file)):
            return ("%s is a notebook of Python 2; pass --python2 to run it "
                    "translated." % file)
    return None


_LISTS = {"map", "filter", "zip", "dict_keys", "dict_values", "dict_items",
          "odict_keys", "odict_values", "odict_items"}

#: Type of error, what its text is like, which names the group may be → what
#: to say.
_OF_PYTHON2 = [
    (NameError, r"name '(\w+)' is not defined", python2.NAMES_THEN,
     "%s is a function or type of Python 2"),
    (AttributeError, r"has no attribute '(\w+)'", python2.NAMES_THEN,
     "%s is an attribute of Python 2"),
    (ImportError, r"cannot import name '(\w+)'", python2.NAMES_THEN,
     "%s is a name of Python 2"),
    (TypeError, r"'(\w+)' object (?:is not subscriptable|has no len|does "
     r"not support item)", _LISTS, "%s returned a list in Python 2"),
    # "... is an invalid keyword", since Python 3.13 "unexpected keyword ..."
    (TypeError, r"(?=.*keyword argument).*'(cmp)'", {"cmp"},
     "sorting by %s is of Python 2"),
    (UnicodeDecodeError, r"'(ascii)' codec can't decode byte", {"ascii"},
     "a pickle of Python 2 is no text of %s"),
    (UnicodeDecodeError, r"'(utf-8)' codec can't decode byte 0x80 in position "
     r"0: invalid start byte", {"utf-8"},
     "a pickle that is open as a text, as in Python 2, is none of %s"),
]


def _of_text(error):
    """Return what to say about the text of an error."""
    for kind, pattern, names, told in _OF_PYTHON2:
        found = re.search(pattern, str(error))
        if isinstance(error, kind) and found and found.group(1) in names:
            return told % found.group(1)
    return None


#: Pattern of "type: text" → what was meant before Lasagne 0.1, and what to
#: write instead.
_BEFORE_0_1 = [
    (r"unexpected keyword argument '(border_mode)'",
     "write pad= ('valid' is 0; 'same' and 'full' stay)"),
    (r"unexpected keyword argument '(strides)'", "write stride="),
    (r"missing 1 required positional argument: '(pool_size)'",
     "write pool_size="),
    (r"'?lasagne.objectives'? has no attribute '((?:Masked)?Objective)'|"
     r"cannot import name '((?:Masked)?Objective)'",
     "write loss = objectives.squared_error(lasagne.layers.get_output("
     "network), target).mean(), or another objective; aggregate() takes a "
     "mask as weights"),
    (r"lasagne.objectives' has no attribute '(mse)'|cannot import name "
     r"'(mse)'", "write squared_error(...).mean()"),
    (r"lasagne.objectives' has no attribute '(crossentropy)'|cannot import "
     r"name '(crossentropy)'", "write binary_crossentropy(...).mean()"),
    (r"lasagne.objectives' has no attribute '(multinomial_nll)'|cannot "
     r"import name '(multinomial_nll)'",
     "write categorical_crossentropy(...).mean()"),
    (r"Layer'? object has no attribute '(get_output)'",
     "write lasagne.layers.get_output(layer, inputs)"),
    (r"Layer'? object has no attribute '(get_output_shape)'",
     "write layer.output_shape"),
    (r"Layer'? object has no attribute '(get_bias_params)'",
     "write layer.get_params(regularizable=False)"),
    (r"has no attribute '(get_all_non_bias_params)'|cannot import name "
     r"'(get_all_non_bias_params)'",
     "write get_all_params(network, regularizable=True)"),
    (r"has no attribute '(get_all_bias_params)'|cannot import name "
     r"'(get_all_bias_params)'",
     "write get_all_params(network, regularizable=False)"),
    (r"has no attribute '(MultipleInputsLayer)'|cannot import name "
     r"'(MultipleInputsLayer)'", "write MergeLayer"),
    (r"lasagne.utils' has no attribute '(concatenate)'|cannot import name "
     r"'(concatenate)' from 'lasagne.utils'",
     "write theano.tensor.concatenate"),
    (r"unsupported operand type\(s\) for \*\* or pow\(\): '\w*(Layer)' and",
     "write lasagne.regularization.regularize_network_params(network, l2) "
     "where l2(network) was"),
]

#: What the group of such a pattern stands for, if not for itself.
_MEANT = {"Layer": "l2 of a layer", "pool_size": "pooling without pool_size"}


#: Which class an error is of.
_OF_CLASS = re.compile(r"^(\w+)\.__init__\(\) missing|^'(\w+)' object has|"
                       r"'(\w+)' and")


def _is_of_lasagne(error):
    """Tell whether an error is of a layer, if it is of a class at all."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if "unexpected keyword" in str(error):  # layers hand on what they get
        return bool(frames) and frames[-1].f_globals.get(
            "__name__", "").startswith("lasagne")
    found = _OF_CLASS.search(str(error))
    names = found and list(filter(None, found.groups()))
    if str(error).startswith("__init__() missing"):  # until Python 3.9
        names = re.findall(r"(\w+)\(", traceback.extract_tb(
            error.__traceback__)[-1].line or "")
    if names is None:
        return True
    kinds = [_class_named(name, frames) for name in names]
    layer = sys.modules["lasagne.layers"].Layer
    return any(isinstance(kind, type) and issubclass(kind, layer)
               for kind in kinds)


def _class_named(name, frames):
    """Return the class of a name, as the program has it or else Lasagne."""
    for frame in reversed(frames):
        for names in (frame.f_locals, frame.f_globals):
            for value in list(names.values()):
                kind = value if isinstance(value, type) else type(value)
                if kind.__name__ == name:
                    return kind
    return getattr(sys.modules["lasagne.layers"], name, None)


def _of_lasagne(error, where):
    """Return what to write instead of what is from before Lasagne 0.1."""
    if not isinstance(error, (TypeError, AttributeError, ImportError)):
        return None
    for pattern, instead in _BEFORE_0_1:
        found = re.search(pattern, str(error))
        if found and _is_of_lasagne(error):
            name = next(filter(None, found.groups()))
            return "%s%s is of Lasagne before 0.1; %s." % (
                where, _MEANT.get(name, name), instead)
    return None


#: Type of error, what its text is like → what is no more, and what to write.
_BEFORE_NUMPY_2 = [
    (TypeError, r"^only 0-dimensional arrays can be converted|"
     r" real number(?: is required)?, not numpy\.ndarray$",
     "an array of one element was a number before NumPy 2.5; write x.item() "
     "for that array x"),
    (ValueError, "^setting an array element with a sequence.*inhomogeneous",
     "rows of unequal lengths made an array of objects before NumPy 1.24; "
     "write np.array(x, dtype=object) for that list x"),
    (OverflowError, r"^Python integer -?\d+ out of bounds for u?int",
     "a number that the type of an array cannot hold made a wider one before "
     "NumPy 2.0; write x.astype('int64') for that array x"),
] + [
    (AttributeError, r"^'numpy\.\w+' object has no attribute '%s'" % name,
     "arrays had %s before NumPy 2; write %s for that array x"
     % (name, instead)) for name, instead in [
         ("tostring", "x.tobytes()"), ("ptp", "np.ptp(x)"),
         ("itemset", "x[i] = value"),
         ("newbyteorder", "x.view(x.dtype.newbyteorder())")]
]


def _of_numpy(error, where):
    """Return what to write where NumPy 2 refuses what NumPy 1 computed."""
    why = error
    if re.search(r"^setting an array element with a sequence\.$", str(error)):
        why = error.__cause__
    for kind, pattern, told in _BEFORE_NUMPY_2:
        if type(why) is kind and re.search(pattern, str(why)) and where:
            several = "x.item()" in told and _has_several(error)
            return None if several else "%s%s." % (where, told)
    return None


def _has_several(error):
    """Tell whether the arrays of the line that failed have many elements.

    Of what is assigned to, the size does not matter.
    """
    frames = [(frame, line) for frame, line in traceback.walk_tb(
        error.__traceback__) if belongs_to_program(frame.f_code.co_filename)]
    if not frames:
        return False
    frame, line = frames[-1]
    try:
        tree = ast.parse(linecache.getline(frame.f_code.co_filename,
                                           line).strip()).body[0]
    except (SyntaxError, IndexError):
        return False
    names = {node.id for node in ast.walk(getattr(tree, "value", tree))
             if isinstance(node, ast.Name)}
    sizes = [getattr(frame.f_locals.get(name, frame.f_globals.get(name)),
                     "size", None) for name in names]
    sizes = [size for size in sizes if isinstance(size, int)]
    return bool(sizes) and 1 not in sizes


def _of_gpu(error, where):
    """Return what to write instead of what needs a GPU of that time."""
    if "Could not infer context from inputs" in str(error) and where:
        return ("%sis of theano.gpuarray, which needs a GPU and its "
                "libraries; write the function of theano.tensor.nnet." % where)
    return None


def _of_compiled(error, where):
    """Return what to say about a module of which only a .pyc is there."""
    if type(error) is ImportError and re.match("bad magic number", str(error)):
        return ("%sof %s only what another Python compiled is there: %s. Get "
                "its .py; where a package never had an __init__.py, write an "
                "empty one." % (where, error.name, error.path))
    return None


def _of_download(error, where):
    """Return what to say about a server that is gone, or a file on it."""
    if not isinstance(error, URLError) or not where:
        return None
    what = "%s cannot be downloaded" % escaped(str(error.url)) if isinstance(
        error, HTTPError) else "a download failed"
    return ("%s%s: %s. Servers and files of that time may be gone: get the "
            "file elsewhere, and put it where the script looks for it first."
            % (where, what, escaped(str(error.reason))))


def _of_linking(error):
    """Return what to say about a BLAS of another machine."""
    flags = sys.modules["theano"].config.blas.ldflags
    lacking = re.search(r"(?:cannot find|not found for|unable to find "
                        r"library) (-l[\w.+-]*\w)", str(error))
    if lacking and lacking.group(1) in flags.split():
        return ("blas.ldflags=%s of THEANO_FLAGS or .theanorc names a library "
                "that is not here. Set blas.ldflags= and NumPy's own is used; "
                "lasagne-flipconv doctor tells of faster ones." % flags)
    return None
