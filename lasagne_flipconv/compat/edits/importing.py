"""Import the modules of Theano and Lasagne with what they need today.

Two things can be changed in such a module, and nothing outside of it: its
text, before it is compiled, and what its import statements get. Python caches
what it compiles beside the file; what is compiled from a changed text is
cached there under a name of its own.
"""
import builtins
import importlib.machinery
import importlib.util
import marshal
import os
import sys
import warnings
import zlib

from ..import_hooks import Hook, find_source

__all__ = ["Edit", "EditedImport"]


class Edit:
    """One change of the text of a module.

    Parameters
    ----------
    module : str
        The module, as ``theano.gof.cmodule``.
    old, new : str
        What is there, once and only once, and what it becomes. As many lines
        as before, so that the lines of a traceback stay right.
    why : str
        Which release broke it, and how it shows.

    Examples
    --------
    >>> edit = Edit("some.module", "x.tostring()", "x.tobytes()",
    ...             "NumPy 2.3 dropped it")
    >>> edit.of("y = x.tostring()", "module.py")
    'y = x.tobytes()'
    """

    def __init__(self, module, old, new, why):
        self.module, self.old, self.new, self.why = module, old, new, why

    def of(self, text, place):
        """Return a text with the change in it.

        Raises
        ------
        ImportError
            If what is to be changed is not there exactly once.
        """
        if text.count(self.old) != 1:
            raise ImportError(
                "%s: the text to be mended for this Python and NumPy is there "
                "%d times; expected once, as in Theano 1.0.5 and Lasagne 0.1: "
                "%r. Install that version." % (place, text.count(self.old),
                                               self.old), name=self.module)
        return text.replace(self.old, self.new)


class EditedImport(Hook):
    """Import hook that imports some packages with edits and stand-ins.

    Parameters
    ----------
    packages : tuple of str
        The packages, each with all modules below it.
    edits : list of Edit
        Changes of text.
    stand_ins : dict of str to module
        By name, what import statements in these packages get instead of the
        module of that name; None for one that shall not be found.
    mends : dict of str to callable
        By name, what is called with a module of these packages as soon as it
        has run.
    """

    def __init__(self, packages, edits, stand_ins, mends):
        self.packages, self.mends = packages, mends
        self.edits = {}
        for edit in edits:
            self.edits.setdefault(edit.module, []).append(edit)
        self.builtins = dict(vars(builtins),
                             __import__=importing(stand_ins))

    def find_spec(self, fullname, path=None, target=None):
        """Find the module where Python does, None if it is another's."""
        if fullname.partition(".")[0] not in self.packages:
            return None
        spec = find_source(self, fullname, path, target)
        if spec and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = EditedLoader(
                fullname, spec.loader.path, self.edits.get(fullname, ()),
                self.builtins, self.mends.get(fullname))
        return spec


class EditedLoader(importlib.machinery.SourceFileLoader):
    """Loads one module with its edits, from a cache where it can."""

    def __init__(self, name, path, edits, builtins, mend):
        super().__init__(name, path)
        self.edits, self.builtins, self.mend = edits, builtins, mend

    def exec_module(self, module):
        """Run the module, its import statements getting the stand-ins."""
        module.__dict__["__builtins__"] = self.builtins
        super().exec_module(module)
        if self.mend:
            self.mend(module)

    def source_to_code(self, *args, **options):
        """Compile a text; how old it is nobody wants to read each time."""
        with warnings.catch_warnings():
            for kind in (SyntaxWarning, DeprecationWarning):
                warnings.simplefilter("ignore", kind)
            return super().source_to_code(*args, **options)

    def get_code(self, fullname):
        """Return the compiled text with its edits."""
        if not self.edits:
            return super().get_code(fullname)
        cache, head = self._cache(), self._head()
        code = cached(cache, head)
        if code is None:
            code = self.source_to_code(self._text(), self.path)
            if not sys.dont_write_bytecode:
                self.set_data(cache, head + marshal.dumps(code))
        return code

    def _text(self):
        """Return the text with its edits."""
        text = importlib.util.decode_source(self.get_data(self.path))
        for edit in self.edits:
            text = edit.of(text, self.path)
        return text

    def _cache(self):
        """Return the file that holds the compiled text."""
        level = sys.flags.optimize or ""
        return importlib.util.cache_from_source(
            self.path, optimization="%sflipconv" % level)

    def _head(self):
        """Return what a cache that is still right begins with."""
        stat = os.stat(self.path)
        state = repr([stat.st_mtime_ns, stat.st_size] + [
            (edit.old, edit.new) for edit in self.edits])
        return importlib.util.MAGIC_NUMBER + zlib.crc32(
            state.encode()).to_bytes(4, "little")


def cached(path, head):
    """Return the code in a cache that begins with `head`, None without it."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        return marshal.loads(data[len(head):]) if data.startswith(
            head) else None
    except (OSError, EOFError, ValueError, TypeError):
        return None


def importing(stand_ins):
    """Return an ``__import__`` that gives stand-ins for some modules."""
    tops = {name.partition(".")[0] for name in stand_ins}

    def lent_import(name, globals=None, locals=None, fromlist=(), level=0):
        if level or name.partition(".")[0] not in tops:
            return __import__(name, globals, locals, fromlist, level)
        if not fromlist:
            find(name)
            return find(name.partition(".")[0])
        return find(name)

    def find(name):
        if name not in stand_ins:
            return importlib.import_module(name)
        if stand_ins[name] is None:
            raise ModuleNotFoundError("No module named %r" % name, name=name)
        return stand_ins[name]

    return lent_import
