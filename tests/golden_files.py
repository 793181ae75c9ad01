"""Which files of ``golden/`` are golden: neither programs nor folders."""
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def golden_files():
    """Return the paths, sorted."""
    return sorted(path for path in GOLDEN.iterdir() if path.is_file()
                  and path.suffix not in (".py", ".txt"))
