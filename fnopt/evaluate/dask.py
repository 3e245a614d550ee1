"""Trials on the workers of a Dask scheduler: the only module that imports distributed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from fnopt.errors import FnoptError, UsageError

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 60.0  # seconds for a scheduler to answer, as one that is being restarted does
ATTEMPT = 10.0  # seconds of one attempt to connect


class Dask:
    """Executors on a scheduler at ``address``; opening another one lets go of the one before.

    ``patience``: seconds to wait for a scheduler that does not answer; the first time, when it may
    never have been there, one attempt's time.
    """

    def __init__(
        self,
        address: str,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if "://" not in address:
            raise UsageError(
                f"agent.executor: dask:{address} names no scheduler",
                'give its address, such as "dask:tcp://10.0.0.5:8786"',
            )
        self.address = address
        self._patience = patience
        self._clock = clock
        self._client: Client | None = None
        self._was_there = False

    @property
    def deadly(self) -> tuple[type[Exception], ...]:
        """See :class:`fnopt.evaluate.executor.Place`."""
        from distributed import KilledWorker

        return (KilledWorker,)

    def open(self) -> Executor:
        """See :class:`fnopt.evaluate.executor.Place`."""
        self.close()
        end = self._clock() + (self._patience if self._was_there else 0.0)
        while True:
            try:
                self._client = self._connect()
            except (OSError, ValueError) as error:
                if self._clock() >= end:
                    raise self._absent(error) from error
                time.sleep(0.5)
            else:
                self._was_there = True
                executor: Executor = self._client.get_executor(pure=False)
                return executor

    def trouble(self) -> str | None:
        """See :class:`fnopt.evaluate.executor.Place`."""
        if self._client is None:
            return None
        try:
            scheduler = self._client.scheduler
            workers = self._client.sync(scheduler.identity, callback_timeout=ATTEMPT)["workers"]
        except (OSError, RuntimeError, AttributeError) as error:
            return f"the Dask scheduler at {self.address} does not answer: {error}"
        return None if workers else f"no worker is connected to the Dask scheduler {self.address}"

    def close(self) -> None:
        """Let go of the scheduler; it and its workers stay."""
        if self._client is not None:
            self._client.close(timeout=2)
        self._client = None

    def _connect(self) -> Client:
        try:
            from distributed import Client
        except ImportError as error:
            raise UsageError(
                f"agent.executor: Dask cannot be imported: {error}", "pip install 'fnopt[dask]'"
            ) from error
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # told in our own words
        return Client(self.address, timeout=ATTEMPT, set_as_default=False, name="fnopt")

    def _absent(self, error: Exception) -> FnoptError:
        return FnoptError(
            f"no Dask scheduler answers at {self.address}: {error}",
            'start one there (dask scheduler), or set agent.executor = "threads"',
        )
