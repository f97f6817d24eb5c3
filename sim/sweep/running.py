"""From a sweep to its folder, and from a folder to tables."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import usable_cores
from sim.messages import BadInput, Fault, _, ngettext, shown
from sim.sweep import folder as folders
from sim.sweep import workers
from sim.sweep.description import Sweep

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
"""Told how many points are done and how many there are."""


@dataclass(frozen=True)
class Finished:
    """The folder of a sweep of which every point is done. Its tables are read when looked at."""

    folder: Path
    description: dict[str, Any]

    @cached_property
    def points(self) -> "pd.DataFrame":
        """The values of the parameters at each point; nothing where the scenario's own stands."""
        import pandas as pd

        return pd.read_parquet(self.folder / folders.POINTS)

    @cached_property
    def outcomes(self) -> "pd.DataFrame":
        """Outcomes by point and policy, with the values of the parameters.

        value, low, high: mean over replications, with its interval of 95 %; of states at the
        horizon, of events summed up to it.  difference, _low, _high: from the base, on the same
        lives. The intervals are those of chance (and of what stays uncertain) at one point.
        """
        found = self._all
        return self.points.merge(found[found["fault"].isna()].drop(columns="fault"), on="point")

    @cached_property
    def failures(self) -> "pd.DataFrame":
        """The points that have no outcomes, with the reason."""
        found = self._all
        failed = found.loc[found["fault"].notna(), ["point", "fault"]]
        return self.points.merge(failed, on="point")

    @cached_property
    def _all(self) -> "pd.DataFrame":
        import pandas as pd

        files = folders.tables_in(self.folder / folders.PARTS)
        return pd.concat(map(pd.read_parquet, files), ignore_index=True)

    def summary(self) -> str:
        """What came out, as a text for a terminal."""
        from sim.sweep.summary import summary

        return summary(self)


def run(
    sweep: Sweep,
    out: Path,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    notice: Callable[[str], None] | None = None,
) -> Finished:
    """Work on all points of a sweep that are not yet done in the folder `out`.

    jobs: processes on this machine, default all cores.  scheduler: instead, the address of a
    dask.distributed scheduler.  notice: told what else the user should know. Raises BadInput.
    """
    _check(jobs, scheduler)
    known = nullcontext() if scheduler is None else workers.cluster(scheduler)
    with known as cluster, folders.opened(out, sweep) as folder:
        if folder.damaged and notice:
            notice(folders.damage_told(folder.damaged))
        if progress:
            progress(folder.number - folder.left, folder.number)
        for done in _work(sweep, folder, jobs, cluster):
            folder.keep(*done)
            if progress:
                progress(folder.number - folder.left, folder.number)
    return finished(out)


def _check(jobs: int | None, scheduler: str | None) -> None:
    if jobs is not None and scheduler is not None:
        both = Fault("jobs, scheduler", found=_("both"), allowed=_("one of the two"))
        raise BadInput([both])
    if jobs is not None and jobs < 1:
        allowed = _("a whole number of at least 1")
        raise BadInput([Fault("jobs", found=shown(jobs), allowed=allowed)])


def _work(
    sweep: Sweep, folder: folders.Folder, jobs: int | None, cluster: Any | None
) -> workers.Results:
    if not folder.left:
        return iter(())
    if cluster is not None:
        return workers.on_cluster(sweep, folder.missing(), cluster)
    number = min(jobs or usable_cores(), folder.left)
    if number == 1:
        return workers.in_this_process(sweep, folder.missing())
    return workers.in_processes(sweep, folder.missing(), number)


def finished(folder: Path) -> Finished:
    """The sweep in a folder. Raises BadInput if it is not complete or a file is damaged."""
    description = folders.description_of(folder)
    wanted = -(-description["design"]["points"] // folders.PART_SIZE)
    files = folders.tables_in(folder / folders.PARTS)
    numbers = [folders.number_of(file) for file in files]
    again = _("the whole sweep: the same command goes on with it")
    for file, number in zip(files, numbers, strict=True):
        if number is None:
            raise BadInput([Fault(str(file), found=_("a damaged file"), allowed=again)])
    if numbers != list(range(wanted)):
        found = ngettext(
            "{there} part of {wanted}", "{there} parts of {wanted}", len(files)
        ).format(there=len(files), wanted=wanted)
        raise BadInput([Fault(str(folder), found=found, allowed=again)])
    folders.check_files(folder, description)
    sweep = Finished(folder, description)
    if unknown := set(description["parameters"]) - set(sweep.points):
        raise BadInput([folders.damage(folder, f"parameters.{min(unknown)}")])
    return sweep
