"""Messages between ranks: nothing that PyTorch's threads would have to free.

A thread that sends a message and has the last reference to it makes itself
known to Python to free it. A child that is forked in that moment hangs before
it runs any code, once in some hundred forks on a busy machine.
"""
import gc
import types
import weakref

import numpy as np
import pytest
from distributed_cases import needs_torch
from lasagne_flipconv.distributed.processes.ranks import KEPT, Ranks


class Work:
    """A message that has come."""

    def wait(self):
        """Return, as nothing is sent."""


class Group:
    """In the place of torch.distributed, of one rank."""

    ReduceOp = types.SimpleNamespace(MAX="max")

    def __init__(self):
        self.works, self.tensors = [], []

    def _begin(self, *tensors, async_op=False, src=None):
        assert async_op, "waits within PyTorch, which lets the message go"
        work = Work()
        self.works.append(weakref.ref(work))
        for tensor in tensors:
            self.tensors += tensor if isinstance(tensor, list) else [tensor]
        return work

    def all_reduce(self, tensor, op=None, **kwargs):
        """Leave the sum of one rank as it is."""
        return self._begin(tensor, **kwargs)

    def broadcast(self, tensor, **kwargs):
        """Leave what rank 0 has."""
        return self._begin(tensor, **kwargs)

    def all_gather(self, tensors, tensor, **kwargs):
        """Give the only rank its own."""
        tensors[0].copy_(tensor)
        return self._begin(tensors, tensor, **kwargs)


@pytest.fixture
def ranks():
    """One rank, that sends as several do."""
    import torch
    return Ranks(0, 1, Group(), torch.from_numpy, None, print)


SENDING = {
    "sum_up": lambda r: r.sum_up(np.ones(3)),
    "average": lambda r: r.average([np.ones(3), np.ones((2, 2), "float32")]),
    "joined": lambda r: r.joined(np.arange(6).reshape(3, 2)),
    "rows_of_all": lambda r: r.rows_of_all(np.arange(3)),
    "all_have": lambda r: r.all_have({"a": np.ones(3)}),
    "first_has": lambda r: r.first_has(["text", 3]),
}


@needs_torch
@pytest.mark.parametrize("name", sorted(SENDING))
def test_messages_are_kept_without_their_arrays(ranks, name):
    SENDING[name](ranks)
    gc.collect()
    group = ranks._distributed
    assert group.works and all(work() for work in group.works)
    assert [t.numel() for t in group.tensors] == [0] * len(group.tensors)


@needs_torch
def test_a_question_is_kept_after_its_answer(ranks):
    ranks.ask_whether_same(3)
    ranks.agree()
    gc.collect()
    assert [bool(work()) for work in ranks._distributed.works] == [True]


@needs_torch
def test_not_all_messages_are_kept(ranks):
    for _ in range(KEPT + 5):
        ranks.sum_up(np.ones(1))
    gc.collect()
    assert sum(1 for w in ranks._distributed.works if w()) == KEPT


@needs_torch
@pytest.mark.parametrize("value", [
    None, 0, "text", [1.5, (2,)], {"a": b"\0\n"}, 10 ** 30])
def test_objects_arrive_as_they_are(ranks, value):
    assert ranks.first_has(value) == value
    assert ranks.all_have(value) == [value]


@needs_torch
def test_arrays_arrive_as_they_are(ranks):
    for array in (np.arange(6.).reshape(3, 2), np.zeros((0, 2), "int8"),
                  np.array([True, False]), np.ones((2, 1, 3), "float16")):
        found = ranks.joined(array)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
