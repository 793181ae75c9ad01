"""Draw the pictures of the documentation, by running what draws them.

    python docs/pictures.py FOLDER
"""
import subprocess
import sys
from pathlib import Path

__all__ = ["write"]

ROOT = Path(__file__).resolve().parents[1]

#: Command → the pictures that it draws, given a folder.
DRAWN_BY = {
    ("-m", "lasagne_flipconv", "demo", "--out"): ["filter_and_reverse.png"],
    ("examples/sobel.py", "--out"): ["sobel.png", "sobel_1d.png"],
    ("docs/rooms.py",): ["rooms.png"],
}


def write(folder):
    """Draw the pictures that are not there yet.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for command, names in DRAWN_BY.items():
        if not all((folder / name).exists() for name in names):
            subprocess.run([sys.executable, *command, str(folder.resolve())],
                           cwd=str(ROOT), check=True,
                           stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
