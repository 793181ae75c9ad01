"""What Theano, Python and NumPy say while Theano and Lasagne are imported."""
import contextlib
import logging
import warnings

__all__ = ["quiet_import", "quiet_old_code"]

_QUIET = ("Using NumPy C-API based implementation", "g++ not detected")

#: What Python and NumPy say of code that is older than they are.
_OF_OLD_CODE = (DeprecationWarning, PendingDeprecationWarning, FutureWarning,
                SyntaxWarning)


@contextlib.contextmanager
def quiet_import():
    """Keep back what Theano says about settings that we chose or explain."""
    loggers = [logging.getLogger("theano." + name)
               for name in ("tensor.blas", "configdefaults")]
    for logger in loggers:
        logger.addFilter(_is_news)
    no_compiler = ("ignore", "DeprecationWarning: there is no c")
    warnings.filterwarnings(*no_compiler)
    mine = warnings.filters[0]
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_is_news)
        if mine in warnings.filters:
            warnings.filters.remove(mine)


@contextlib.contextmanager
def quiet_old_code():
    """Keep back what is said of old code while that is imported.

    It would stop the import where warnings are errors, as under ``python -W
    error`` or a strict pytest.
    """
    mine = []
    for category in _OF_OLD_CODE:
        warnings.filterwarnings("ignore", "(?s)", category)
        mine.append(warnings.filters[0])
    try:
        yield
    finally:
        for one in mine:
            if one in warnings.filters:
                warnings.filters.remove(one)


def _is_news(record):
    """Tell whether a log record is none of those to keep back."""
    return not record.getMessage().startswith(_QUIET)
