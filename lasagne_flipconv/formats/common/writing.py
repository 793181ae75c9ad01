"""Write files so that at any moment there is the old one or the new one."""
import contextlib
import os
import stat
import tempfile

from ...errors import CheckpointError

__all__ = ["check_home", "check_name", "replaced", "replaced_together"]


@contextlib.contextmanager
def replaced(path):
    """Open a file to write that takes the place of another when it is whole.

    What is no file, such as a pipe, is refused: its reader would wait forever.

    Parameters
    ----------
    path : str
        The file to replace, or to make.

    Yields
    ------
    binary file
        A file in the same folder; it is flushed to disk and renamed at the
        end of the ``with`` statement, or removed if there is an error.
    """
    with replaced_together([path]) as (file,):
        yield file


@contextlib.contextmanager
def replaced_together(paths):
    """Open files that take the places of others when all are whole.

    Parameters
    ----------
    paths : list of str
        Files of one folder, in the order in which they are renamed.

    Yields
    ------
    list of binary file
        See :func:`replaced`.
    """
    for path in paths:
        check_name(path)
    moves = []
    try:
        files = []
        with contextlib.ExitStack() as stack:
            for path in paths:
                files.append(stack.enter_context(_beside(path)))
                moves.append((files[-1].name, path))
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
        _put(moves)
    except BaseException as error:
        _end(moves)
        if isinstance(error, OSError) and error.errno and not error.filename:
            error.filename = (  # as of a disk that is full
                paths[0] if len(paths) == 1 else os.path.dirname(paths[0]))
        raise
    for folder in {os.path.dirname(os.path.realpath(path)) for path in paths}:
        _sync_folder(folder)


def _beside(path):
    """Return a new file in the folder of another."""
    folder, name = os.path.split(os.path.realpath(path))
    try:
        return tempfile.NamedTemporaryFile(
            "wb", dir=folder, prefix="." + name[:48] + ".", suffix=".partial",
            delete=False)
    except OSError as error:
        error.filename = path  # which the user knows
        raise


def _put(moves):
    """Give files their names, and the permissions of what was there."""
    for name, path in moves:
        if os.path.lexists(name):
            with contextlib.suppress(OSError):  # as where there are no modes
                os.chmod(name, _mode(path))
            os.replace(name, path if not os.path.islink(path)
                       else os.path.realpath(path))


def _end(moves):
    """Remove new files; all get their names if the first has it already."""
    if moves and not os.path.lexists(moves[0][0]):
        with contextlib.suppress(OSError):
            _put(moves)
    for name, _ in moves:
        if os.path.lexists(name):
            os.unlink(name)


def check_home(path):
    """Refuse a name in the home folder that only a shell would replace.

    Parameters
    ----------
    path : str
        A file or folder to make.

    Raises
    ------
    CheckpointError
        If it begins with ``~`` and would be a folder of that name here.
    """
    home = os.path.expanduser(path)
    if home != path:
        raise CheckpointError(
            "%s: begins with %s, which is a folder of that name here and no "
            "home folder; expected a path without it. Pass %s, which "
            "os.path.expanduser makes of it, or ./%s." % (
                path, path.split(os.sep)[0], home, path))


def check_name(path):
    """Refuse a name that no file can have, or that something else has.

    Parameters
    ----------
    path : str
        A file to make or to replace.

    Raises
    ------
    CheckpointError
        If it is no regular file.
    """
    check_home(path)
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return  # it is not there yet, or opening it tells what is wrong
    except ValueError as error:
        raise CheckpointError(
            "%s: cannot be the name of a file (%s); expected one without NUL, "
            "of characters that the system can write." % (path, error)
        ) from error
    if not is_file:
        raise CheckpointError("%s: is a folder, pipe or device; expected "
                              "a file, or nothing yet." % path)


def _mode(path):
    """Return the permissions of the file to replace, or those of a new one."""
    try:
        return os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder):
    """Make the new name last, where folders can be read and synced."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # the file is there
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
