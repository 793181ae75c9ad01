"""Files that were opened without ``b``, given to what reads bytes.

In Python 2 on Linux, these were the same files. What needs no library is in
``python2/files.txt``.
"""
import contextlib
import gc
import io

import pytest
from lasagne_flipconv.scripts import python2
from lasagne_flipconv.scripts.python2 import files

#: What each program begins with.
FIRST = """
import numpy as np
from StringIO import StringIO
x = np.arange(48).reshape(4, 4, 3).astype('uint8')
"""

#: Library, what makes a file, what it gives.
READ = [
    ("numpy", "np.savez('a', W=[1, 2], o=np.array([{'a': 1}, None]))",
     "w = np.load(open('a.npz'))\nprint w['W'].tolist(), w['o'][0]",
     "[1, 2] {'a': 1}"),
    ("numpy", "np.savez(open('a.npz', 'w'), W=[1, 2])",
     "w = np.load(open('a.npz', 'rU'))\nprint w['W'].tolist()", "[1, 2]"),
    ("numpy", "np.save('a.npy', x)",
     "print np.load(open('a.npy')).sum(), np.load(StringIO(open('a.npy')."
     "read())).sum(), np.memmap(open('a.npy'), 'uint8', 'r').shape",
     "1128 1128 (176,)"),
    ("numpy", "f = open('a', 'w'); np.save(f, [1]); np.save(f, [2]); "
     "f.close()", "f = open('a'); print np.load(f), np.load(f)", "[1] [2]"),
    ("numpy", "f = open('a', 'w'); x.tofile(f); f.write('end'); f.close()",
     "f = open('a'); print np.fromfile(f, 'uint8', 40).sum(), f.tell(), "
     "np.fromstring(f.read(8), 'uint8')[:2], f.read()",
     "780 40 [40 41] end"),
    ("numpy", "open('a', 'w').write('1 2\\n3 4 # \\xe9\\n')",
     "print np.loadtxt(open('a')).tolist(), np.genfromtxt(open('a')).sum()",
     "[[1.0, 2.0], [3.0, 4.0]] 10.0"),
    ("PIL", "from PIL import Image; Image.fromarray(x).save(open('a', 'w'), "
     "'PNG')", "print Image.open(open('a')).size, (np.asarray(Image.open("
     "StringIO(open('a').read()))) == x).all()", "(4, 4) True"),
    ("PIL", "from PIL import Image; Image.fromarray(x).save('a.jpg')",
     "i = Image.open(open('a.jpg')); i.load(); print i.size, i.format",
     "(4, 4) JPEG"),
    ("scipy.io", "import scipy.io; scipy.io.savemat('a.mat', {'W': [1, 2]}); "
     "scipy.io.savemat('z.mat', {'W': [3]}, do_compression=True)",
     "print scipy.io.loadmat(open('a.mat'))['W'], scipy.io.loadmat(open("
     "'z.mat'))['W'], scipy.io.whosmat(open('a.mat'))[0][:2]",
     "[[1 2]] [[3]] ('W', (1, 2))"),
    ("scipy.io", "from scipy.io import wavfile as w; w.write('a', 8000, x)",
     "print w.read(open('a'))[1].sum() == x.sum()", "True"),
    ("matplotlib", "from matplotlib import image; image.imsave('a.png', x)",
     "print image.imread(open('a.png')).shape", "(4, 4, 4)"),
    ("imageio", "import imageio; imageio.imwrite('a.png', x)",
     "print imageio.imread(open('a.png')).shape", "(4, 4, 3)"),
    ("skimage", "import skimage.io; skimage.io.imsave('a.png', x)",
     "print skimage.io.imread(open('a.png')).shape", "(4, 4, 3)"),
    ("joblib", "import joblib; n = joblib.dump(x, 'a')",
     "print joblib.load(open('a')).sum()", "1128"),
    ("h5py", "import h5py; f = h5py.File('a', 'w'); f['x'] = x; f.close()",
     "print h5py.File(open('a'), 'r')['x'][:].sum()", "1128"),
    ("h5py", "import h5py; f = h5py.File('a', 'w'); n = f.create_dataset("
     "'n', data=np.array(['the', 'cat'])); n = f.create_dataset('m', (1,), "
     "data=['dog']); f['l'] = np.array(['a']); n.attrs['k'] = ['b', 'c']; "
     "n.attrs['s'] = 'cat'; f.close()",
     "f = h5py.File('a', 'r'); v = {'the': 1, 'cat': 2, 'a': 3, 'b': 4}; "
     "print [v.get(w) for w in f['n']], v[f['n'][1]], v.get(f['m'].attrs['s'])"
     ", f['l'].dtype, v.get(f['m'].attrs['k'][0]), list(f['n']), f['m'][0]",
     "[1, 2] 2 2 |S1 4 ['the', 'cat'] dog"),
    ("sklearn", "import sklearn.datasets as s; s.dump_svmlight_file(np.eye(2)"
     ", [0, 1], open('a', 'w'))", "print s.load_svmlight_file(open('a'))[1]",
     "[0. 1.]"),
]


@pytest.mark.parametrize("library, makes, reads, expected", READ, ids=[
    "%s-%d" % (row[0], number) for number, row in enumerate(READ)])
def test_what_reads_bytes_gets_them(library, makes, reads, expected,
                                    tmp_path, monkeypatch):
    pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    code, names = python2.prepared(
        ("%s%s\n%s\n" % (FIRST, makes, reads)).encode(), "program.py")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {"__builtins__": names, "__name__": "__main__"})
        python2.end_line()
    assert out.getvalue() == expected + "\n"


def as_if_of(module, code, **names):
    scope = {"__name__": module, **names}
    exec(code, scope)
    return scope["found"]


def opened(folder, data, mode="r"):
    (folder / "a").write_bytes(data)
    return files.open_file(str(folder / "a"), mode)


@pytest.mark.parametrize("asks", [
    "read(3)", "read()", "readline()", "readlines()[0]", "__iter__()"])
@pytest.mark.parametrize("module, kind", [
    ("PIL.Image", bytes), ("zipfile", bytes), ("PILot", str), ("email", str),
    ("scipy.io", str), ("__main__", str), (None, str)])
def test_by_the_module_that_asks(asks, module, kind, tmp_path):
    found = as_if_of(module, "found = f." + asks,
                     f=opened(tmp_path, b"\xff\xc3\xa9\n\n"))
    found = next(found) if hasattr(found, "__next__") else found
    assert type(found) is kind
    if kind is str:
        found = found.encode("utf-8", "surrogateescape")
    assert found[:3] == b"\xff\xc3\xa9"


def test_what_is_below_outlives_the_file(tmp_path):
    below = opened(tmp_path, b"text").buffer
    gc.collect()
    assert below.read() == b"text"


@pytest.mark.parametrize("asks", ["read()", "seek(0)", "tell()", "getvalue()"])
def test_texts_in_memory_become_bytes(asks):
    file = files.StringIO("\u00e9 \udcff")
    assert file.read(1) == "\u00e9"
    found = as_if_of("PIL.Image", "found = f." + asks, f=file)
    assert found == {"read()": b" \xff", "seek(0)": 0, "tell()": 2,
                     "getvalue()": b"\xc3\xa9 \xff"}[asks]
    file.seek(0, 2)
    file.write("\u00e9")
    assert file.getvalue() == b"\xc3\xa9 \xff\xc3\xa9"


def test_a_file_is_one_of_texts(tmp_path):
    file = opened(tmp_path, b"1\n")
    assert isinstance(file, io.TextIOBase) and "mode 'r'" in repr(file)
    with file as same:
        assert same is file and not file.closed
    assert file.closed and "closed file" in repr(file)
    with pytest.raises(IOError):
        opened(tmp_path, b"", "w").read()
