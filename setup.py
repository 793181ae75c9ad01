"""Install lasagne_flipconv; what it is and needs is told in pyproject.toml."""
import os
import re

from setuptools import setup


def long_description():
    """Return the README without what an index of packages cannot show.

    That is the picture, and links to other files of the repository.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "README.rst"), encoding="utf-8") as file:
        text = re.sub(r"(?s)\.\. picture: .*?\.\. end of picture\n\n", "",
                      file.read())
    return re.sub(r"`([^`<]+) <[\w/.]+>`__", r"\1", text)


setup(license="MIT", long_description=long_description(),
      long_description_content_type="text/x-rst")
