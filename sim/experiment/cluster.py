"""A cluster as workers, over Dask: the scheduler gives what a lost machine had in hand to another."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sim.errors import InputError, Stopped

if TYPE_CHECKING:
    import numpy as np

    from sim.experiment.parts import Part
    from sim.experiment.workers import Results

PATIENCE = 10.0
"""Seconds to wait for the scheduler, and then for its first worker."""


class Cluster:
    """The workers of a Dask scheduler; each part is one task and takes one thread."""

    def __init__(self, address: str, patience: float = PATIENCE) -> None:
        """Connect to the scheduler at an address such as ``tcp://10.0.0.1:8786``.

        Raises :class:`sim.errors.InputError` if Dask is not installed, or there is no scheduler or no worker.
        """
        try:
            from distributed import Client
            from distributed.comm.addressing import get_address_host_port
        except ImportError:
            raise InputError(
                "a cluster needs the package distributed, which is not installed; "
                'pip install "personalisation-roi[cluster]" would install it'
            ) from None
        try:
            # Dask tries for long where nobody answers, and longer still to let go.
            socket.create_connection(get_address_host_port(address), timeout=patience).close()
            connect: Any = Client  # it carries no types
            self._client = connect(address, timeout=patience, set_as_default=False, name="roi")
        except (OSError, ValueError, OverflowError):
            raise InputError(
                f"no Dask scheduler answers at {address!r}; an address such as tcp://10.0.0.1:8786 would be right"
            ) from None
        try:
            self._client.wait_for_workers(1, timeout=patience)
        except TimeoutError:
            self.close()
            raise InputError(
                f"the Dask scheduler at {address} has no workers; start one there with: dask worker {address}"
            ) from None

    def work(self, parts: Iterable[Part]) -> Results:
        """Number and measures of every part, as they come.

        Raises :class:`sim.errors.Stopped` if the cluster is lost, or workers die over the same part again and again.
        """
        from distributed import CancelledError, KilledWorker, as_completed
        from distributed.comm.core import CommClosedError

        queue, run = iter(parts), uuid4().hex
        numbers: dict[Any, int] = {}
        coming = as_completed([], loop=self._client.loop)  # type: ignore[no-untyped-call]
        try:
            self._hand_out(queue, run, numbers, coming)
            for future in coming:
                rows: np.ndarray = future.result()
                number = numbers.pop(future)
                future.release()
                self._hand_out(queue, run, numbers, coming)
                yield number, rows
        except KilledWorker:
            raise Stopped(
                "workers of the cluster die over the same part again and again, most likely for lack of memory"
            ) from None
        except (CancelledError, CommClosedError):
            raise Stopped("the scheduler of the cluster is gone") from None
        finally:
            self._client.cancel(list(numbers))

    def _hand_out(self, queue: Iterator[Part], run: str, numbers: dict[Any, int], coming: Any) -> None:
        """Keep two parts waiting for each thread that the cluster has just now."""
        threads = max(1, sum(self._client.nthreads().values()))
        for part in islice(queue, max(0, 2 * threads - len(numbers))):
            future = self._client.submit(_work, part, key=f"roi-{run}-{part.number}", pure=False)
            numbers[future] = part.number
            coming.add(future)

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()


def _work(part: Part) -> np.ndarray:
    return part.work()
