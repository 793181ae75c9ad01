"""Run ``python -m lasagne_flipconv`` as ``lasagne-flipconv``."""
import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
