"""Who works on the points: this process, processes of this machine, a cluster.

All give the same results; they come in any order. No more points are under way than keep the
workers busy, so that memory does not grow with the number of points.
"""

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sim.messages import BadInput, Fault, _
from sim.sweep.description import Sweep
from sim.sweep.work import Done, work_on

Results = Iterator[Done]
Work = Callable[[Sweep, int], Done]
AHEAD = 2
"""Points given to each worker: one to work on, one to go on with."""
MOST_DEATHS = 3
"""A point that has killed its worker so often is given up."""
IDLE_SECONDS = 60
SECONDS_TO_CONNECT = 10
OPTION = "--scheduler"
LIBRARIES = ("hamletsim", "python", "numpy", "numba", "scipy")
"""Whose versions workers must have too."""


def in_this_process(sweep: Sweep, points: Iterable[int]) -> Results:
    """One point after the other."""
    for point in points:
        yield work_on(sweep, point)


# ---------------------------------------------------------------- processes


def in_processes(sweep: Sweep, points: Iterable[int], jobs: int, work: Work = work_on) -> Results:
    """In `jobs` new processes, which do not import the caller's program.

    Where a worker dies, the points under way are tried again, one at a time.
    """
    waiting, suspects = iter(points), deque[int]()
    deaths: dict[int, int] = {}
    pool = _Processes(sweep, jobs, work)
    try:
        while True:
            room = 1 if suspects else AHEAD * jobs
            chosen = _taken(suspects, waiting, room - len(pool.under_way), alone=bool(suspects))
            for point in chosen:
                pool.give(point)
            if not pool.under_way:
                return
            finished, lost = pool.next()
            yield from finished
            for point in lost:
                deaths[point] = deaths.get(point, 0) + 1
                if deaths[point] < MOST_DEATHS:
                    suspects.append(point)
                else:
                    yield Done(point, (), _died(), 0.0)
    finally:
        pool.stop()


def _taken(suspects: deque[int], waiting: Iterator[int], room: int, alone: bool) -> list[int]:
    if alone:
        return [suspects.popleft()] if room > 0 else []
    return list(islice(waiting, max(room, 0)))


def _died() -> str:
    """In English like all that stands in the tables of a sweep."""
    return f"its worker has died {MOST_DEATHS} times"


class _Processes:
    """A pool of processes that is made again when one of them has died."""

    def __init__(self, sweep: Sweep, jobs: int, work: Work) -> None:
        self._sweep, self._jobs, self._work = sweep, jobs, work
        self.under_way: dict[Future[Done], int] = {}
        self._make()

    def _make(self) -> None:
        from loky import ProcessPoolExecutor

        self._pool: Any = ProcessPoolExecutor(
            self._jobs, timeout=IDLE_SECONDS, initializer=_take, initargs=(self._sweep, self._work)
        )

    def give(self, point: int) -> None:
        """Begin with a point."""
        self.under_way[self._pool.submit(_work, point)] = point

    def next(self) -> tuple[list[Done], list[int]]:
        """What is finished by now, and the points whose worker has died."""
        done, _rest = wait(self.under_way, return_when=FIRST_COMPLETED)
        finished, lost = [], []
        for future in done:
            point = self.under_way.pop(future)
            try:
                finished.append(future.result())
            except BrokenProcessPool:
                lost.append(point)
        if lost:
            lost += self.under_way.values()
            self.under_way.clear()
            self._pool.shutdown(wait=True, kill_workers=True)
            self._make()
        return finished, sorted(lost)

    def stop(self) -> None:
        """End the workers, whatever they are at."""
        self._pool.shutdown(wait=True, kill_workers=bool(self.under_way))


_task: tuple[Sweep, Work] | None = None
"""In a worker: the sweep it works on, and how."""


def _take(sweep: Sweep, work: Work) -> None:
    global _task
    _task = sweep, work
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()


def _leave_with(parent: int) -> None:
    """End this worker soon after the process that made it, however that ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _work(point: int) -> Done:
    assert _task is not None
    sweep, work = _task
    return work(sweep, point)


# ---------------------------------------------------------------- a cluster


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """The workers of a running dask.distributed scheduler, all as this process is.

    Raises BadInput.
    """
    client = _client(address)
    try:
        yield client
    finally:
        client.close()


def on_cluster(sweep: Sweep, points: Iterable[int], client: Any) -> Results:
    """On the workers of a `cluster`. Raises BadInput."""
    return _spread(client, sweep, iter(points))


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        found, allowed = _("no dask.distributed here"), "pip install 'hamletsim[cluster]'"
        raise BadInput([Fault(OPTION, found=found, allowed=allowed)]) from None
    try:
        _reach(address)  # a client that cannot connect complains for long
        client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        found = f"{address} ({error})"
        allowed = _("the address of a running scheduler, such as tcp://127.0.0.1:8786")
        raise BadInput([Fault(OPTION, found=found, allowed=allowed)]) from None
    try:
        _check_workers(client, address)
    except BaseException:
        client.close()
        raise
    return client


def _reach(address: str) -> None:
    """Raise whatever keeps this process from a scheduler.

    In a thread of its own, for in a notebook an event loop runs in this one.
    """
    from distributed.comm.core import connect

    async def tried() -> None:
        (await connect(address, timeout=SECONDS_TO_CONNECT)).abort()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, tried()).result()


def _check_workers(client: Any, address: str) -> None:
    """Raise BadInput unless there are workers, and all have what this process has."""
    here = versions()
    try:
        there = client.run(versions).values()
    except Exception as error:
        there = [{type(error).__name__: str(error)}]
    others = sorted({told for one in there if (told := _differing(one, here))})
    if not there:
        found, allowed = _("no workers at {address}").format(address=address), _("at least one")
    elif others:
        found = _("workers with {versions}").format(versions="; ".join(others))
        names = {name for one in there for name in here if one.get(name) != here[name]}
        mine = {name: here[name] for name in here if name in names}
        allowed = _("workers with {version}").format(version=_differing(mine, {}))
    else:
        return
    raise BadInput([Fault(OPTION, found=found, allowed=allowed)])


def versions() -> dict[str, str]:
    """What decides what a worker finds: our sources, the compiler's circumstances, libraries."""
    from sim import store
    from sim.compilation.cache import source_digest

    known = store.versions()
    libraries = {name: known[name] for name in LIBRARIES if name in known}
    return {"sources": store.source_digest(), "kernels": source_digest()[:12]} | libraries


def _differing(one: dict[str, str], other: dict[str, str]) -> str:
    return ", ".join(f"{name} {one[name]}" for name in one if one[name] != other.get(name))


def _itself(sweep: Sweep) -> Sweep:
    return sweep


def _spread(client: Any, sweep: Sweep, waiting: Iterator[int]) -> Results:
    from distributed import as_completed

    shared = client.submit(_itself, sweep, pure=False)  # made again where a worker is lost
    threads = sum(worker["nthreads"] for worker in client.scheduler_info()["workers"].values())

    def begun(number: int) -> list[Any]:
        return [
            client.submit(work_on, shared, point, pure=False, key=f"hamletsim-{point}-{id(shared)}")
            for point in islice(waiting, number)
        ]

    under_way = as_completed(begun(AHEAD * max(1, threads)), loop=client.loop)
    for future in under_way:
        if future.status == "finished":
            yield future.result()
        elif future.status == "error":  # its worker has died again and again
            yield Done(int(future.key.split("-")[1]), (), str(future.exception()), 0.0)
        else:
            found = _("a scheduler that has gone away")
            allowed = _("one that stays; the same command goes on")
            raise BadInput([Fault(OPTION, found=found, allowed=allowed)])
        future.release()
        for more in begun(1):
            under_way.add(more)
