"""Ranks begin and end together; rank 0 alone prints and writes."""
import bz2
import errno
import glob
import io
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

import pytest
from distributed_cases import (
    command,
    environment,
    needs_torch,
    run,
    said,
    write,
)
from lasagne_flipconv.distributed import shard
from lasagne_flipconv.distributed.processes import files
from lasagne_flipconv.distributed.processes.lifeline import Lifeline
from lasagne_flipconv.distributed.processes.meeting import fresh_name
from lasagne_flipconv.distributed.starting import Numbered, place_of
from lasagne_flipconv.errors import FlipconvError

TRAIN = """
    net = DenseLayer(InputLayer((None, 1, 8, 8), x), 5, nonlinearity=softmax)
    p = get_output(net)
    loss = T.nnet.categorical_crossentropy(p, y).mean()
    params = get_all_params(net)
    f = theano.function([x, y], loss,
                        updates=lasagne.updates.sgd(loss, params, .1))
    f(X[:16], Y[:16])
    rank = int(os.environ.get("RANK", 0))
    """

ENDED = TRAIN + """
    import signal, tempfile, time
    with open("file", "w") as file:
        file.write("x" * 1000)
    say(pid=os.getpid())
    if not rank:
        raise KeyError("torchrun ends the other rank")
    time.sleep(60)
    """


@needs_torch
def test_a_rank_that_is_ended_leaves_no_folder(tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    result = run(tmp_path, write(tmp_path, ENDED), TMPDIR=str(folder))
    assert result.returncode == 1
    assert "exitcode  : -15" in result.stderr or (
        "has stopped with an error (KeyError" in result.stderr)
    assert not [n for n in os.listdir(str(folder))
                if n.startswith("lasagne_flipconv_rank")]


FILES = TRAIN + """
    import multiprocessing, pickle, pathlib, shutil, signal, tempfile
    print("printed by", rank)
    os.system("echo by a child")
    if not os.path.exists("out"):
        os.makedirs("out/deeper")
    np.savez("out/net.npz", *get_all_param_values(net))
    with open("out/net.pkl", "wb") as file:
        pickle.dump([rank, get_all_param_values(net)], file)
    with open("out/tmp", "w") as file:
        file.write("by rank %d" % rank)
    os.replace("out/tmp", "out/text")
    with open("log.txt", "a") as file:
        file.write("by rank %d\\n" % rank)
    pathlib.Path("out/deeper/path").write_text("by rank %d" % rank)
    with open("out/gone", "w") as file:
        file.write("x")
    os.remove("out/gone")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "a"), "w") as file:
            file.write("of a rank")
        private = os.listdir(folder)

    def work(name):
        with open("out/" + name, "w") as file:
            file.write("%s of rank %d" % (name, rank))
        return signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    with multiprocessing.get_context("fork").Pool(2) as pool:
        ended = pool.map(work, ["first", "second"])
    child = os.fork()
    if not child:
        sys.exit()
    os.waitpid(child, 0)
    with np.load("out/net.npz") as file:
        back = [file[n] for n in file.files]
    say(text=open("out/text").read(),
        work=[open("out/" + n).read() for n in ("first", "second")],
        log=open("log.txt").read().splitlines()[-1],
        path=pathlib.Path("out/deeper/path").read_text(),
        there=[os.path.exists(n) for n in ("out/gone", "out/tmp",
                                           "out/net.npz")],
        pickled=pickle.load(open("out/net.pkl", "rb"))[0], private=private,
        same=all((a == b).all() for a, b in zip(
            back, get_all_param_values(net))), argv=sys.argv[1:],
        ended=ended)
    """


@needs_torch
def test_rank_0_alone_prints_and_writes(tmp_path):
    (tmp_path / "log.txt").write_text("before\n")
    result = run(tmp_path, write(tmp_path, FILES), "--epochs", "3")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "printed by 0\nby a child\n"
    for rank in (0, 1):
        found = said(result, rank)
        text = "by rank %d" % rank
        assert found == {
            "text": text, "log": text, "path": text,
            "work": ["%s of rank %d" % (n, rank) for n in (
                "first", "second")],
            "there": [False, False, True], "pickled": rank,
            "private": ["a"], "same": True, "argv": ["--epochs", "3"],
            "ended": [True, True]}
    assert (tmp_path / "log.txt").read_text() == "before\nby rank 0\n"
    assert sorted(os.listdir(str(tmp_path / "out"))) == [
        "deeper", "first", "net.npz", "net.pkl", "second", "text"]
    assert (tmp_path / "out" / "text").read_text() == "by rank 0"


STOPS = TRAIN + """
    import builtins, time
    from lasagne_flipconv.distributed.processes import ranks
    if "slowly" in sys.argv:  # as PyTorch's, which is fast
        import io, time

        def hook(*error):
            sys.stderr = io.StringIO()
            time.sleep(60)

        sys.excepthook = hook
    if "working" in sys.argv:  # its children outlive a rank
        import multiprocessing, time
        multiprocessing.get_context("fork").Process(
            target=time.sleep, args=(30,)).start()
    if "left" in sys.argv and rank == 1:
        sys.exit(0)
    if "caught" in sys.argv:
        ranks.ALIKE = 5
        labels = np.tile(Y[:16], (6, 1))
        labels[2, ::8] = labels[4, 8] = 9  # on both ranks, then on one alone
        for step in range(6):
            try:
                f(X[:16], labels[step])
            except Exception as error:
                sys.stderr.write("%d: %s\\n" % (step, error))
    for step in range(10 ** 6):
        if "failed" in sys.argv and rank == 1 and step == 5:
            raise KeyError("of this script")
        if "asks" in sys.argv:
            builtins.input() if rank else time.sleep(600)
        if "reads" in sys.argv:
            sys.stdin.buffer.read(1) if rank else time.sleep(600)
        f(X[:16], Y[:16])
        if step == 3:
            say(pid=os.getpid())
    """


@needs_torch
@pytest.mark.parametrize("how, words", [
    ("failed", "KeyError: 'of this script'"),
    ("asks", "rank 1 reads the standard input"),
    ("reads", "rank 1 reads the standard input"),
    ("caught", "[rank1]: 5: rank 1 of 2: a step failed here (ValueError: "
     "y_i value out of bounds), and not on all"),
    ("left", "rank 1 has come to the end of the script already")])
def test_a_rank_that_stops_stops_all(tmp_path, how, words):
    result = run(tmp_path, write(tmp_path, STOPS), how)
    assert result.returncode == 1
    assert words in result.stderr
    assert "Error in sys.excepthook" not in result.stderr


@needs_torch
@pytest.mark.parametrize("victim", [0, 1])
def test_a_rank_that_is_killed_ends_all(tmp_path, victim):
    """By torchrun, which names it; without torchrun, too: see below."""
    name = write(tmp_path, STOPS)
    process = subprocess.Popen(
        command(name, size=2), cwd=str(tmp_path), stderr=subprocess.PIPE,
        universal_newlines=True, env=environment())
    pids, seen = {}, []
    for line in process.stderr:
        seen.append(line)
        match = re.match(r'(\[rank1\]: )?SAID {"pid": (\d+)}', line)
        if match:
            pids[1 if match.group(1) else 0] = int(match.group(2))
        if len(pids) == 2:
            break
    assert len(pids) == 2, "".join(seen)
    os.kill(pids[victim], signal.SIGKILL)
    killed = time.monotonic()
    text = process.stderr.read()
    assert process.wait() == 1
    assert time.monotonic() - killed < 10
    assert re.search(r"rank\s*: %d \(local_rank: %d\)\s*exitcode\s*: -9" % (
        victim, victim), text), text


@needs_torch
@pytest.mark.parametrize("victim, how", [
    (0, "at once"), (1, "at once"), (0, "slowly"), (1, "slowly"),
    (0, "working"), (1, "working")])
def test_without_torchrun_the_others_name_it(tmp_path, victim, how):
    """As on another machine, whose torchrun knows of its own ranks only."""
    name = write(tmp_path, STOPS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    logs = [open(str(tmp_path / ("log%d" % r)), "w+") for r in (0, 1)]
    processes = [subprocess.Popen(
        [sys.executable, "-m", "lasagne_flipconv", "run", "--data-parallel",
         name, how], cwd=str(tmp_path), stderr=log, env=environment(
             RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
             MASTER_PORT=port)) for rank, log in enumerate(logs)]
    try:
        until = time.monotonic() + 300
        while not all("SAID" in (tmp_path / ("log%d" % r)).read_text()
                      for r in (0, 1)):
            assert time.monotonic() < until
            time.sleep(.1)
        processes[victim].kill()
        assert processes[1 - victim].wait(10) == 1
    finally:
        for process in processes:
            process.kill()
            process.wait()
    logs[1 - victim].seek(0)
    text = logs[1 - victim].read()
    for log in logs:
        log.close()
    # by the thread that hears of it, or by the step that failed
    assert re.search("rank %d of 2( ends)?: rank %d has died" % (
        1 - victim, victim), text), text
    assert "Error in sys.excepthook" not in text


RESTARTED = TRAIN + """
    import signal
    attempt = int(os.environ["TORCHELASTIC_RESTART_COUNT"])
    for step in range(5):
        f(X[:16], Y[:16])
        if step == 2 and rank == 1 and attempt == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    say(attempt=attempt)
    """


@needs_torch
def test_torchrun_starts_the_ranks_again(tmp_path):
    told = command(write(tmp_path, RESTARTED), size=2)
    told.insert(told.index("--standalone"), "--max-restarts=1")
    result = subprocess.run(
        told, cwd=str(tmp_path), env=environment(), timeout=300,
        stderr=subprocess.PIPE, universal_newlines=True)
    assert result.returncode == 0, result.stderr
    assert said(result) == said(result, 1) == {"attempt": 1}, result.stderr


ONE = """
    print("ran", os.environ["WORLD_SIZE"])
    """


@needs_torch
def test_one_rank_is_an_ordinary_run(tmp_path):
    result = run(tmp_path, write(tmp_path, ONE), size=1)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "ran 1\n"
    assert "there is one rank, so nothing is split" in result.stderr


def test_without_torchrun_or_pytorch(tmp_path):
    name = write(tmp_path, ONE)
    alone = [sys.executable, "-m", "lasagne_flipconv", "run",
             "--data-parallel", name]
    result = subprocess.run(alone, cwd=str(tmp_path), env=environment(),
                            stderr=subprocess.PIPE, universal_newlines=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "RANK is not set; expected to be started by torchrun" in (
        result.stderr)
    assert "torchrun --nproc-per-node 2 -m lasagne_flipconv run" in (
        result.stderr)
    (tmp_path / "torch.py").write_text(
        "raise ImportError('none', name='torch')")
    result = subprocess.run(
        alone, cwd=str(tmp_path), stderr=subprocess.PIPE,
        universal_newlines=True, env=environment(
            RANK="0", WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
            MASTER_PORT="1"))
    assert result.returncode == 2
    assert "torch is not installed" in result.stderr
    assert "pip install 'lasagne-flipconv[torch]'" in result.stderr


def test_shard_of_one_process_is_all():
    assert shard([1, 2, 3]).tolist() == [1, 2, 3]
    assert [len(part) for part in shard([1, 2], [3, 4])] == [2, 2]
    with pytest.raises(FlipconvError, match="same number of rows"):
        shard([1, 2], [3])


class Store:
    """What ranks write to, and read."""

    def __init__(self):
        self.values = {}

    def set(self, key, value):
        self.values[key] = value.encode()

    def get(self, key):
        return self.values[key]

    def check(self, keys):
        return all(key in self.values for key in keys)


def test_ranks_meet_again_where_others_were_before():
    """As ``torchrun --max-restarts`` starts them, one later than another."""
    store, names = Store(), []
    for _ in range(2):
        found = [None] * 3

        def meet(rank, found=found):
            time.sleep(.1 * rank)
            found[rank] = fresh_name(store, rank, 3, 20)

        threads = [threading.Thread(target=meet, args=(r,)) for r in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(set(found)) == 1 and found[0]
        names.append(found[0])
    assert names[0] != names[1]


@pytest.mark.parametrize("rank, missing", [(0, 1), (2, 0)])
def test_a_rank_that_does_not_come(rank, missing):
    with pytest.raises(FlipconvError, match="rank %d has not come" % missing):
        fresh_name(Store(), rank, 3, .05)


def test_places():
    told = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1",
            "GROUP_RANK": "1", "LOCAL_WORLD_SIZE": "2",
            "MASTER_ADDR": "first", "MASTER_PORT": "9"}
    place = place_of(told)
    assert (place.rank, place.size, place.local, place.group) == (3, 4, 1, "1")
    assert place.address == "first"
    assert place_of(dict(told, LOCAL_WORLD_SIZE="4")).address == "127.0.0.1"
    del told["GROUP_RANK"]  # another program than torchrun started it
    assert place_of(told).group == platform.node()
    for name in ("RANK", "MASTER_ADDR"):
        with pytest.raises(FlipconvError, match=name + " is not set"):
            place_of({k: v for k, v in told.items() if k != name})


def test_lines_have_the_number_of_their_rank():
    file = io.StringIO()
    numbered = Numbered(file, 3)
    numbered.write("one\ntw")
    numbered.write("o\n[rank3]: three\n")
    assert file.getvalue() == "[rank3]: one\n[rank3]: two\n[rank3]: three\n"


def lifelines(size):
    """Return connected lifelines in this process, and what each heard."""
    told, heard, ready = {}, [[] for _ in range(size)], threading.Event()

    def exchange(value):
        if value is not None:
            told["value"] = value
            ready.set()
        ready.wait()
        return told["value"]

    found = [None] * size

    def make(rank):
        found[rank] = Lifeline(rank, size, exchange, "127.0.0.1",
                               heard[rank].append)

    threads = [threading.Thread(target=make, args=(r,)) for r in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found, heard


def close(lifeline):
    """Break the connections of one, as the end of a process does.

    Its thread, which would end with the process, tells nothing any more of
    connections that break before others.
    """
    lifeline._send = lambda *news: None
    for peer in lifeline._peers.values():
        peer.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_who_has_died_is_heard_of_by_all(victim):
    found, heard = lifelines(3)
    close(found[victim])
    for rank in {0, 1, 2} - {victim}:
        assert found[rank].who_is_gone(5) == "rank %d has died" % victim
        until = time.monotonic() + 5
        while not heard[rank] and time.monotonic() < until:
            time.sleep(.01)
        assert heard[rank][0] == "rank %d has died" % victim


@pytest.mark.parametrize("number, said", [
    (errno.ETIMEDOUT, "is out of reach"), (errno.EHOSTUNREACH, "network, is"),
    (errno.ECONNRESET, "has died")])
def test_a_machine_that_is_off_is_told_from_a_rank_that_died(number, said):
    class Peer:
        """A connection that breaks."""

        def recv(self, count):
            raise OSError(number, os.strerror(number))

    class Ears:
        """What listens to it."""

        unregister = staticmethod(lambda peer: None)

    found, heard = lifelines(3)
    found[0]._hear(Peer(), [1, b""], Ears)
    assert said in heard[0][0] and "rank 1 " in heard[0][0]
    assert found[2].who_is_gone(5) == heard[0][0]


def test_who_leaves_says_so():
    found, heard = lifelines(3)
    assert found[1].who_is_gone(0) is None
    found[2].farewell()
    close(found[2])
    for rank in (0, 1):
        assert found[rank].who_is_gone(5) == (
            "rank 2 has come to the end of the script already")
    found[1].farewell("KeyError: 3")
    assert "rank 1 has stopped with an error (KeyError: 3)" in (
        wait_for(lambda: found[0].who_is_gone(0)))
    assert not heard[0] or "stopped" in heard[0][0]


def wait_for(call):
    """Return what a call returns once it names rank 1."""
    until = time.monotonic() + 5
    while "rank 1" not in call() and time.monotonic() < until:
        time.sleep(.01)
    return call()


@pytest.mark.parametrize("said", [
    b"guess 1\n", "gue\xdf 1\n".encode(), b"\xff 1\n", b"guess\n", b"\n"])
def test_a_stranger_is_not_let_in(said, monkeypatch):
    """Who does not know the word is no rank."""
    connect = socket.create_connection

    def twice(address, *args):
        stranger = connect(address, *args)
        stranger.sendall(said)
        return connect(address, *args)

    monkeypatch.setattr(socket, "create_connection", twice)
    found, heard = lifelines(2)
    monkeypatch.undo()
    found[1].farewell()
    assert "rank 1" in found[0].who_is_gone(5)
    assert not heard[0]


@pytest.fixture
def shadows(tmp_path, monkeypatch):
    """Redirect writing, for a folder that is not private."""
    monkeypatch.chdir(tmp_path)
    found = files.redirect([])
    yield found
    found.forget()


def test_writing_is_seen_by_this_rank_alone(tmp_path, shadows):
    with open("new", "w") as file:
        file.write("here")
    with open(file="new", mode="a") as file:
        file.write(" too")
    with open("new") as file:
        assert file.read() == "here too"
    os.rename(src="new", dst="newer")
    assert os.path.isfile("newer") and not os.path.exists("new")
    with pytest.raises(FileNotFoundError):
        open("absent", "r+")
    shadows.forget()
    assert not os.listdir(str(tmp_path))
    assert not os.path.exists(shadows._folder)


def write_into(name, text="of this rank"):
    with open(name, "w") as file:
        file.write(text)


def read(name, opened=None):
    with (opened or open)(name, "rt") as file:
        return file.read()


def copy_a_script():
    shutil.copy("there", "copied")
    shutil.copy2("there", "copied too")
    return read("copied"), os.path.getsize("copied too")


def copy_a_folder():
    os.makedirs("from/deeper")
    write_into("from/deeper/file")
    shutil.copytree("from", "to")
    return read("to/deeper/file"), sorted(os.listdir("to"))


def rename_a_folder():
    os.makedirs("unfinished/deeper")
    write_into("unfinished/deeper/file")
    os.rename("unfinished", "finished")
    return read("finished/deeper/file"), os.path.exists("unfinished")


def remove_a_folder():
    os.makedirs("made/deeper")
    write_into("made/deeper/file")
    there = os.path.isdir("made"), os.path.isdir("made/deeper")
    shutil.rmtree("made")
    return there, os.path.exists("made/deeper/file"), os.path.exists("made")


def list_a_folder():
    write_into("new")
    with os.scandir() as found:
        names = sorted(entry.name for entry in found)
    return (names, glob.glob("n*"), sorted(os.listdir(b".")),
            [n for _, _, n in os.walk(".")][0].count("new"))


def touch_a_file():
    pathlib.Path("new").touch(exist_ok=False)
    pathlib.Path("newer").touch()
    return os.path.getsize("new"), os.path.getsize("newer")


def change_a_file():
    write_into("new")
    os.chmod("new", 0o600)
    os.truncate("new", 2)
    os.utime("new", (1, 1))
    for change in (os.chmod, 0o600), (os.utime, (1, 1)), (os.truncate, 2):
        change[0]("there", change[1])
    return read("new"), os.stat("new").st_mtime


def link_to_files():
    for name in "there", "new":
        write_into("new")
        if os.path.islink("latest"):
            os.remove("latest")
        os.symlink(name, "latest")
        os.link(name, "hard " + name)
    found = read("latest"), read("hard there"), read("hard new")
    os.remove("latest")
    os.symlink("there", "latest")
    write_into("latest", "through the link")
    return found + (read("latest"),)


def open_by_number():
    opened = os.open("new", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    os.write(opened, b"by number")
    os.close(opened)
    opened = os.open("new", os.O_RDONLY)
    found = os.read(opened, 20)
    os.close(opened)
    return found, read("new")


def replace_by_what_is_temporary():
    opened, name = tempfile.mkstemp(dir=".")
    os.write(opened, b"temporary")
    os.close(opened)
    os.replace(name, "new")
    with tempfile.TemporaryDirectory() as folder:
        write_into(os.path.join(folder, "file"))
        shutil.move(os.path.join(folder, "file"), "newer")
    return read("new"), read("newer"), os.path.exists(name)


def archives():
    write_into("member")
    with tarfile.open("tar", "w") as file:
        file.add("member")
    with tarfile.open("tar") as file:
        found = file.extractfile("member").read()
    with bz2.open("new.bz2", "wt") as file:
        file.write("packed")
    return found, read("new.bz2", bz2.open)


#: What a script does → what it finds then.
DONE = {
    copy_a_script: ("of rank 0", 9),
    copy_a_folder: ("of this rank", ["deeper"]),
    rename_a_folder: ("of this rank", False),
    remove_a_folder: ((True, True), False, False),
    list_a_folder: (["new", "there"], ["new"], [b"new", b"there"], 1),
    touch_a_file: (0, 0),
    change_a_file: ("of", 1),
    link_to_files: ("of this rank", "of rank 0", "of this rank",
                    "through the link"),
    open_by_number: (b"by number", "by number"),
    replace_by_what_is_temporary: ("temporary", "of this rank", False),
    archives: (b"of this rank", "packed"),
}


@pytest.mark.parametrize("what", DONE, ids=lambda f: f.__name__)
def test_what_is_done_to_files_stays_with_this_rank(
        tmp_path, monkeypatch, what):
    monkeypatch.chdir(tmp_path)
    write_into("there", "of rank 0")
    before = os.stat("there")
    shadows = files.redirect([])
    try:
        assert what() == DONE[what]
    finally:
        shadows.forget()
    assert os.listdir(".") == ["there"]
    assert read("there") == "of rank 0"
    after = os.stat("there")
    assert (after.st_mtime, after.st_mode) == (before.st_mtime,
                                               before.st_mode)
    assert not os.path.exists(shadows._folder)


WRITES = """
import sys, time
with open(sys.argv[1], "w") as file:
    file.write("half ")
    file.flush()
    time.sleep(float(sys.argv[2]))
    file.write("and half")
time.sleep(60)
"""


@pytest.fixture
def writing(tmp_path):
    """Return a call that lets rank 0 write a file for some seconds."""
    name, begun = str(tmp_path / "written"), []

    def begin(seconds):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITES, name, str(seconds)])
        begun.append((process, files.redirect([], process.pid)))
        until = time.monotonic() + 20
        while not os.path.exists(name) or not os.path.getsize(name):
            assert time.monotonic() < until
        return name

    yield begin
    for process, shadows in begun:
        shadows.forget()
        process.kill()
        process.wait()


def read_by_number(name):
    return os.read(os.open(name, os.O_RDONLY), 99).decode()


on_linux = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"),
                              reason="not Linux")


@on_linux
@pytest.mark.parametrize("opened", [read, read_by_number])
def test_a_file_that_rank_0_writes_is_waited_for(writing, opened):
    """As one that it downloads, and that this rank finds there already."""
    assert opened(writing(.5)) == "half and half"


@on_linux
def test_a_file_that_rank_0_keeps_open(writing, monkeypatch):
    """As a log, which both append to."""
    monkeypatch.setattr(files, "LONGEST_FILE", .1)
    name = writing(60)
    with pytest.raises(FlipconvError, match="open for writing; expected it"):
        read(name)
    with open(name, "a") as file:
        file.write("mine")
    assert read(name) == "half mine"


def test_a_folder_of_rank_0_is_waited_for(tmp_path, shadows, monkeypatch):
    """As each rank makes it, and this one may come first."""
    make = dict((name, stock) for _, name, stock in shadows._stock)["mkdir"]
    os.makedirs("out")
    threading.Timer(.2, make, [str(tmp_path / "out")]).start()
    os.chdir("out")
    write_into("file")
    assert read("file") == "of this rank"
    os.chdir("..")
    os.mkdir("by another name")
    monkeypatch.setattr(files, "LONGEST", .1)
    with pytest.raises(FlipconvError, match="has not made the folder by an"):
        os.chdir("by another name")
    with pytest.raises(FlipconvError, match="same names on all ranks"):
        tempfile.mkstemp(dir="by another name")
    with pytest.raises(FileNotFoundError):
        os.chdir("not made by anybody")


def test_folders_on_a_machine_that_does_not_see_rank_0(
        tmp_path, monkeypatch):
    """As one with a disk of its own: caches, and what a script enters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "LONGEST_ELSEWHERE", .1)
    shadows = files.redirect([], elsewhere=True)
    try:
        os.makedirs("cache/of/a library")
        with tempfile.TemporaryDirectory(dir="cache/of/a library") as folder:
            write_into(os.path.join(folder, "tables"))
            os.rename(os.path.join(folder, "tables"), "cache/of/tables")
        os.mkdir("out")
        began = time.monotonic()
        os.chdir("out")  # nothing is waited for any more
        assert time.monotonic() - began < files.LONGEST_ELSEWHERE
        write_into("file")
        assert read("file") == read("../cache/of/tables") == "of this rank"
        with pytest.raises(FileNotFoundError):
            os.chdir("not made by anybody")
    finally:
        shadows.forget()
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob(
        "*")) == ["cache", "cache/of", "cache/of/a library", "out"]
