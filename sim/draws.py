"""Draws that depend on who, when and what for, never on order.

Every random number is a pure function of its *address* (seed, replication, person, trip, purpose), computed with
the counter-based generator Philox4x32-10. Nobody consumes a shared stream, so a new decision moves no other
decision's luck, a firm's strategy cannot change who comes shopping, and it does not matter in which order, on how
many threads or by which engine the customers are worked off. That is what makes two strategies comparable on the
same customers with the same luck (common random numbers).

The scalar functions are plain Python on plain integers, written so that Numba compiles them to the same numbers:
products are masked to 32 bits, which is exact both for Python's integers and for wrapping 64-bit ones.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counter = NDArray[np.integer[Any]] | int

MASK = 0xFFFFFFFF
MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85
UNIT = 1.0 / 4294967296.0

# Purposes: the last word of an address. Blocks of four uniforms each.
TRIP = 0  # time until the next trip, luck of buying elsewhere, lapsing, whether the firm asks again
PURCHASE = 1  # answer to the question for permission; two for the size of the basket
BASKET = 2  # BASKET, BASKET + 1, …: attempts of the rejection sampler for gamma baskets
OFFER = 1_000  # + firm: wrong data, consideration, luck of the choice, noticing an intrusion
FEELING = 2_000  # + firm: noticing that the firm takes too much
MONTH = 3_000  # + firm: withdrawing permission, leaving for good
PERSON = 4_000  # who a customer is: PERSON, PERSON + 1, …
CONTRACT = 5_000  # trip 0: how much of what is due a customer pays without a thought; later ones: whether this payment
STREAM = 1 << 31  # streams of market processes: this bit and the checksum of the stream's name


def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Philox4x32 with ten rounds: four 32-bit words from a 128-bit counter and a 64-bit key.

    All arguments and results are in [0, 2**32).
    """
    for _ in range(10):
        p0 = MULTIPLIER_0 * c0
        p1 = MULTIPLIER_1 * c2
        c0, c1, c2, c3 = ((p1 >> 32) & MASK) ^ c1 ^ k0, p1 & MASK, ((p0 >> 32) & MASK) ^ c3 ^ k1, p0 & MASK
        k0 = (k0 + WEYL_0) & MASK
        k1 = (k1 + WEYL_1) & MASK
    return c0, c1, c2, c3


def uniforms(c0: int, c1: int, c2: int, purpose: int, seed: int, replication: int) -> tuple[float, float, float, float]:
    """Four independent uniforms in the open interval (0, 1), on a grid of 2**-32."""
    w0, w1, w2, w3 = philox(c0, c1, c2, purpose, seed, replication)
    return (w0 + 0.5) * UNIT, (w1 + 0.5) * UNIT, (w2 + 0.5) * UNIT, (w3 + 0.5) * UNIT


def uniform_columns(
    c0: Counter,
    c1: Counter,
    c2: Counter,
    purpose: Counter,
    seed: int,
    replication: int,
) -> NDArray[np.float64]:
    """The uniforms of many addresses at once, shape (4, …): :func:`uniforms` for arrays that broadcast, same values."""
    counters = np.broadcast_arrays(*(np.asarray(c, dtype=np.uint64) for c in (c0, c1, c2, purpose)))
    a, b, c, d = (counter.copy() for counter in counters)
    mask, shift = np.uint64(MASK), np.uint64(32)
    k0, k1 = seed, replication
    for _ in range(10):
        p0, p1 = np.uint64(MULTIPLIER_0) * a, np.uint64(MULTIPLIER_1) * c
        a, b, c, d = (
            (p1 >> shift) ^ b ^ np.uint64(k0),
            p1 & mask,
            (p0 >> shift) ^ d ^ np.uint64(k1),
            p0 & mask,
        )
        k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    return (np.stack([a, b, c, d]).astype(np.float64) + 0.5) * UNIT


class Stream:
    """The luck of one market process, addressed by its name and never by the order of its creation.

    ``stream.uniforms(index, step)`` gives four uniforms for, say, firm ``index`` in month ``step``.
    """

    def __init__(self, name: str, seed: int, replication: int) -> None:
        self.name = name
        self._purpose = STREAM | (zlib.crc32(name.encode()) & (STREAM - 1))
        self._seed, self._replication = seed, replication

    def uniforms(self, index: int, step: int, part: int = 0) -> tuple[float, float, float, float]:
        """Four uniforms for one address of this stream."""
        return uniforms(index, step, part, self._purpose, self._seed, self._replication)

    def columns(self, indices: Counter, steps: Counter, part: Counter = 0) -> NDArray[np.float64]:
        """The uniforms of many addresses at once, shape (4, …): :meth:`uniforms` for arrays that broadcast."""
        return uniform_columns(indices, steps, part, self._purpose, self._seed, self._replication)

    def calendar(self, indices: Counter, part: Counter = 0) -> Calendar:
        """The uniforms of the same addresses in every month."""
        return Calendar(self, np.asarray(indices), np.asarray(part))


class Calendar:
    """The luck of a market process that draws for the same indices month after month.

    ``calendar.month(step)`` is :meth:`Stream.columns` for the indices and that step; years are drawn at once, because
    few numbers at a time take as long as many.
    """

    YEAR = 12

    def __init__(self, stream: Stream, indices: NDArray[Any], part: NDArray[Any]) -> None:
        self._stream, self._indices, self._part = stream, indices, part
        self._year = -1
        self._drawn: NDArray[np.float64]

    def month(self, step: int) -> NDArray[np.float64]:
        """The uniforms of a month, shape (4, …)."""
        year, month = divmod(step, self.YEAR)
        if year != self._year:
            steps = year * self.YEAR + np.arange(self.YEAR)
            each = steps.reshape(-1, *[1] * max(self._indices.ndim, self._part.ndim))
            self._drawn, self._year = self._stream.columns(self._indices, each, self._part), year
        return self._drawn[:, month]
