"""Build the documentation: `make docs`.

What can be read off the code is: tables, reference pages and pictures are
made anew by every build, into `generated/`, before Sphinx reads the pages.
"""
import builtins
import os
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import lasagne_flipconv

project = "lasagne_flipconv"
author = "the authors of lasagne_flipconv"
version = release = lasagne_flipconv.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "lasagne_flipconv " + version
html_static_path = []
html_copy_source = html_show_sphinx = html_show_copyright = False
default_role = "literal"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say them, with shapes and units
autosummary_generate = False
numpydoc_show_class_members = False
pygments_style = "friendly"

# There is no network where this is built, so there is no inventory of other
# projects to look their names up in. These are named in docstrings; anything
# else that is not found is a mistake and stops the build.
nitpick_ignore_regex = [
    (r"py:.*", r"(theano|lasagne|numpy|pathlib|np)\..*"),
    (r"py:.*", "|".join(dir(builtins))),
]


def make_pages(app):
    """Write what is made from the code, unless only links are checked."""
    import listings
    import pictures
    import reference
    import tables
    folder = HERE / "generated"
    for pages in ("main", "modules"):  # of modules that may be gone
        shutil.rmtree(str(folder / pages), ignore_errors=True)
    tables.write(folder)
    listings.write(folder)
    reference.write(folder)
    pictures.write(folder / "pictures")


def find_public_name(app, env, node, contnode):
    """Resolve a name that is documented in another module than it is asked in.

    The package re-exports functions of its modules; each is documented once.
    """
    last = node.get("reftarget", "").rpartition(".")[2]
    domain = env.get_domain("py")
    found = [name for name, entry in domain.objects.items()
             if name.startswith("lasagne_flipconv.") and not entry.aliased
             and name.rpartition(".")[2] == last]
    if node.get("refdomain") != "py" or len(found) != 1:
        return None
    return domain.resolve_xref(env, node["refdoc"], app.builder,
                               node["reftype"], found[0], node, contnode)


def name_limits(app, what, name, value, options, signature, returned):
    """Show the default ceilings by their name."""
    # autodoc_preserve_defaults fails on named tuples in Python 3.8
    return re.sub(r"=Limits\([^)]*\)", "=LIMITS", signature or "") or None, (
        returned)


def setup(app):
    """Connect the functions above to Sphinx."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    app.connect("builder-inited", make_pages)
    app.connect("missing-reference", find_public_name)
    app.connect("autodoc-process-signature", name_limits)
