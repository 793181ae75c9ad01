"""Install lasagne_flipconv."""
import os
import re

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))


def read(*names):
    """Return the text of a file next to this one."""
    with open(os.path.join(HERE, *names), encoding="utf-8") as file:
        return file.read()


def version():
    """Return ``__version__`` of the package without importing it."""
    text = read("lasagne_flipconv", "__init__.py")
    return re.search(r'^__version__ = "(.+)"$', text, re.M).group(1)


#: oneDNN, where it is packaged: its library and its headers.
ONEDNN = [name + "==2023.2.0; platform_system == 'Linux' and "
          "platform_machine == 'x86_64'"
          for name in ("onednn-cpu-gomp", "onednn-devel-cpu-gomp")]

#: Published for some machines only, and left out on others.
RUNTIME, OPENVINO = (
    name + "; platform_machine == 'x86_64' and sys_platform == 'linux' and "
    "python_version >= '3.11'" for name in ("onnxruntime", "openvino"))


def long_description():
    """Return the README without what an index of packages cannot show.

    That is the picture, and links to other files of the repository.
    """
    text = re.sub(r"(?s)\.\. picture: .*?\.\. end of picture\n\n", "",
                  read("README.rst"))
    return re.sub(r"`([^`<]+) <[\w/.]+>`__", r"\1", text)


setup(
    name="lasagne-flipconv",
    version=version(),
    description="Lasagne models kept alive, their filters the right way round",
    long_description=long_description(),
    long_description_content_type="text/x-rst",
    license="MIT",
    packages=find_packages(include=["lasagne_flipconv*"]),
    package_data={"lasagne_flipconv.cli": ["data/*"],
                  "lasagne_flipconv.compat.edits": ["*.h", "*.cpp"],
                  "lasagne_flipconv.engine": ["src/*"]},
    include_package_data=False,  # it warns of folders that hold no package
    python_requires=">=3.8",
    install_requires=[
        "numpy>=1.21",
        "scipy>=1.7",
        # later ones get it from 'lasagne-flipconv theano'
        "Theano==1.0.5; python_version < '3.12'",
        "six>=1.16",
        "Lasagne>=0.1",
        "fissix",
        "tqdm",
    ] + ONEDNN,
    extras_require={
        "fast": ONEDNN,
        "plot": ["matplotlib"],
        # read without their libraries; the names were used
        "hdf5": [], "onnx": [], "safetensors": [], "formats": [],
        # to compute with it; its files are read without it
        "torch": ["torch"],
        "leave": ["onnx", "torch", "safetensors", RUNTIME],
        "compare": ["torch", RUNTIME],
        "examples": ["matplotlib", "pooch", "scikit-image", "scikit-learn"],
        "test": ["pytest", "hypothesis", "matplotlib", "pooch",
                 "scikit-image", "scikit-learn", "h5py", "onnx",
                 "safetensors", "shtab", "nolearn==0.6.1"],
        "fuzz": ["atheris"],
        "completion": ["shtab"],
        "docs": ["Sphinx", "furo", "numpydoc", "matplotlib", "scikit-image"],
        "lint": ["ruff", "numpydoc", "build", "twine"],
        # those that publish no wheel for a machine are left out there
        "bench": ["matplotlib", "onnx", "torch", RUNTIME, OPENVINO],
    },
    entry_points={"console_scripts": [
        "lasagne-flipconv = lasagne_flipconv.cli:main"]},
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.8",
        "Programming Language :: Python :: 3.9",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Programming Language :: Python :: 3.14",
    ],
)
