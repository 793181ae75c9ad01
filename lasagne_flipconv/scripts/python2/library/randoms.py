"""Random numbers as the module ``random`` of Python 2 drew them.

After the same seed, the same order: what a script sets apart for its tests is
what it has always set apart.
"""
import hashlib
import math
import random

from ..strings import bytes_of
from . import equality

__all__ = ["MODULES", "Random"]

#: Up to here, an integer is drawn from one float.
_EXACT = 1 << 53


def _seed(a):
    """Return a seed that is taken today: what is no number or text, hashed."""
    known = (type(None), int, str, bytes, bytearray)
    return a if isinstance(a, known) else _hash(a) % (1 << 64)


def _hash(a):
    """Return the hash that a number, a text or a tuple of them had."""
    if isinstance(a, float) and math.isfinite(a) and a != int(a):
        return _hash_of_float(a)
    if isinstance(a, int) and a != -1 and abs(a) >> 63 == 0:
        return a
    if isinstance(a, (str, bytes)):
        return _hash_of_bytes(bytes_of(a))
    return _hash_of_tuple(a) if type(a) is tuple else hash(a)


def _hash_of_bytes(text):
    """Return the hash that a text had, of 64 bits."""
    value = text[0] << 7 if text else 0
    for byte in text:
        value = (value * 1000003 ^ byte) % (1 << 64)
    return value ^ len(text)


def _hash_of_tuple(items):
    """Return the hash that a tuple had, of 64 bits."""
    value, factor = 0x345678, 1000003
    for left, item in zip(reversed(range(len(items))), items):
        value = (value ^ _hash(item)) * factor
        factor += 82520 + 2 * left
    return (value + 97531) % (1 << 64)


def _hash_of_float(x):
    """Return the hash that a number with a fraction had, of 64 bits."""
    mantissa, exponent = math.frexp(x)
    mantissa *= 2. ** 31
    high = int(mantissa)
    return high + int((mantissa - high) * 2. ** 31) + (exponent << 15)


class Random(random.Random):
    """Draw as Python 2 did, one float for each integer.

    Parameters
    ----------
    x : object, optional
        The seed.
    """

    def seed(self, a=None, *version):
        """Start anew; texts are hashed as they were."""
        super().seed(_seed(a), 1)

    def _below(self, n):
        if n < _EXACT:
            return int(self.random() * n)
        bits = int(1.00001 + math.log(n - 1, 2.))
        return next(number for number in iter(
            lambda: self.getrandbits(bits), None) if number < n)

    def randrange(self, start, stop=None, step=1):
        """Draw from a range."""
        if stop is None:
            start, stop = 0, start
        many = -((start - stop) // step)  # len of a range is below 2 ** 63
        if many <= 0:
            raise ValueError("empty range for randrange()")
        return start + step * self._below(many)

    def randint(self, a, b):
        """Draw from `a` to `b`, which is included."""
        return self.randrange(a, b + 1)

    def choice(self, seq):
        """Draw one of a sequence."""
        return equality.item(seq, int(self.random() * len(seq)))

    def shuffle(self, x, random=None):
        """Put a list into another order, in place."""
        draw = random or self.random
        for i in reversed(range(1, len(x))):
            j = int(draw() * (i + 1))
            x[i], x[j] = x[j], x[i]

    def sample(self, population, k):
        """Draw `k` that differ."""
        population = equality.each(population)
        n = len(population)
        if not 0 <= k <= n:
            raise ValueError("sample larger than population")
        few = 21 + (4 ** math.ceil(math.log(k * 3, 4)) if k > 5 else 0)
        if n <= few or hasattr(population, "keys"):
            return self._from_pool(list(population), k)
        if not hasattr(population, "__getitem__"):
            population = tuple(population)
        drawn = {}
        while len(drawn) < k:
            drawn.setdefault(int(self.random() * n))
        return [population[j] for j in drawn]

    def gammavariate(self, alpha, beta):
        """Draw from a gamma distribution; `betavariate` asks here as well."""
        if alpha != 1:
            return super().gammavariate(alpha, beta)
        draws = iter(self.random, None)
        return -math.log(next(x for x in draws if x > 1e-7)) * beta

    def jumpahead(self, n):
        """Go to another state, which follows from this one and a number."""
        version, (*words, at), gauss = self.getstate()
        before = "(%d, (%s), %r)" % (version, ", ".join(
            "%dL" % word for word in (*words, at)), gauss)
        hashed = hashlib.sha512((repr(n) + before).encode())
        far = int(hashed.hexdigest(), 16)
        for i in reversed(range(2, len(words))):
            j = far % i
            words[i], words[j] = words[j], words[i]
        words = [(word + i) % (1 << 32) for i, word in enumerate(words, 1)]
        self.setstate((version, (*words, len(words)), gauss))

    def _from_pool(self, pool, k):
        result = []
        for i in range(k):
            j = int(self.random() * (len(pool) - i))
            result.append(pool[j])
            pool[j] = pool[len(pool) - i - 1]
        return result


class _Shared(Random):
    """What draws from the state of the module ``random`` itself."""

    def seed(self, a=None, *version):
        random.seed(_seed(a), 1)

    getstate = staticmethod(random.getstate)
    setstate = staticmethod(random.setstate)
    getrandbits = staticmethod(random.getrandbits)
    random = staticmethod(random.random)


def _shared():
    state = random.getstate()  # of which making an object draws a seed
    shared = _Shared()
    random.setstate(state)
    return shared


_SHARED = _shared()

MODULES = {"random": {
    "Random": Random, **{name: getattr(_SHARED, name) for name in (
        "seed", "randrange", "randint", "choice", "shuffle", "sample",
        "gammavariate", "betavariate", "jumpahead")}}}
