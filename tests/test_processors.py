"""How many threads run at once where a container has a share of the time."""
import os
import subprocess
import sys

import pytest
from lasagne_flipconv.compat import processors

#: Files of a system → processors' worth of time that this process has.
SYSTEMS = {
    "none": ({}, None),
    "version 2, no limit": ({
        "proc/self/cgroup": "0::/user.slice\n",
        "sys/fs/cgroup/user.slice/cpu.max": "max 100000\n"}, None),
    "version 2, in a container": ({
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
    "version 2, a group in one with less": ({
        "proc/self/cgroup": "0::/kubepods/pod/inner\n",
        "sys/fs/cgroup/kubepods/pod/inner/cpu.max": "max 100000\n",
        "sys/fs/cgroup/kubepods/pod/cpu.max": "50000 100000\n",
        "sys/fs/cgroup/kubepods/cpu.max": "400000 100000\n"}, .5),
    "version 1, no limit": ({
        "proc/self/cgroup": "4:cpu,cpuacct:/\n0::/\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, None),
    "version 1, in a container": ({
        "proc/self/cgroup": "3:cpuset:/docker/a\n2:cpu:/docker/a\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 3),
    "version 1, with colons": ({
        "proc/self/cgroup": "5:cpuacct,cpu:/a:b\n",
        "sys/fs/cgroup/cpu/a:b/cpu.cfs_quota_us": "20000\n",
        "sys/fs/cgroup/cpu/a:b/cpu.cfs_period_us": "10000\n"}, 2),
    "not to be read": ({
        "proc/self/cgroup": "0::/\n1:name=systemd:/\nnothing\n",
        "sys/fs/cgroup/cpu.max": "\n"}, None),
}


@pytest.mark.parametrize("files, share", SYSTEMS.values(), ids=SYSTEMS)
def test_quota(tmp_path, files, share):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert processors.quota(str(tmp_path)) == share


@pytest.mark.parametrize("share, threads", [
    (None, 8), (16, 8), (8, 8), (2, 2), (1.2, 2), (.1, 1)])
@pytest.mark.parametrize("told", [None, "5"])
def test_threads_heed_it(monkeypatch, share, threads, told):
    """Unless the user has said how many."""
    monkeypatch.setattr(processors, "quota", lambda: share)
    monkeypatch.setattr(processors, "_seen", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", told or "")
    if told is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    assert processors.processors() == threads
    processors.heed_quota()
    assert os.environ.get("OMP_NUM_THREADS") == (told or (
        str(threads) if threads < 8 else None))


def test_it_is_heeded_before_numpy_is_imported():
    program = (
        "import sys, importlib.util\n"
        "import lasagne_flipconv.compat.processors as p\n")
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        stderr=subprocess.PIPE, text=True, check=True).stderr
    names = [line.split("|")[-1].strip() for line in found.splitlines()]
    assert names.index("lasagne_flipconv.compat.processors") < names.index(
        "numpy")
