"""A run or a sweep made again from its folder, and what differs if it comes out otherwise.

The same sources, libraries and kind of machine make the same bytes; others mostly do too, which
this tells. Compared are the files that a run or a sweep writes itself; what was added to the folder
of a run later is named and left out.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim import api, store
from sim.messages import BadInput, Fault, _, ngettext, shown
from sim.numerals import decimal, significant
from sim.scenario import Loaded
from sim.sweep import finished, running
from sim.sweep import folder as sweeps
from sim.sweep.given import Maker, maker

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment import Progress

COMPARED = (*(f"{name}.parquet" for name in api.TABLES), store.BASELINE, store.GIVEN)
OF_THE_RUN = ("seed", "engine", "policies", "replications", "precision", "parameter_draws")


class Change(NamedTuple):
    """Something that is not as it was when the run or the sweep was made."""

    what: str
    then: str
    now: str


class Difference(NamedTuple):
    """Where a file made again is not the one that there was.

    what: of a table a column, or what is wrong with the whole file.  row: of the first value that
    differs, from 1; then, now: the values there.  rows: how many differ.  largest: the greatest
    difference of numbers; None where there are none.  is_damage: what is made again is as it was,
    the file in the folder is not.
    """

    file: str
    what: str
    row: int | None = None
    then: str = ""
    now: str = ""
    rows: int | None = None
    largest: float | None = None
    is_damage: bool = False


@dataclass(frozen=True)
class Reproduction:
    """A run or a sweep beside itself made again. `same`: whether every file has the same bytes."""

    folder: Path
    compared: tuple[str, ...]
    left_out: tuple[str, ...]
    changes: tuple[Change, ...]
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        return not self.differences

    def summary(self) -> str:
        """The answer first, then what differs, then what is not as it was."""
        return "\n".join([_answer(self), *_told_of(self)])


def is_sweep(folder: Path) -> bool:
    """Whether what is in a folder is a sweep; else it is taken for a run."""
    return (folder / sweeps.DESCRIPTION).exists()


def reproduce(
    folder: Path,
    out: Path | None = None,
    jobs: int | None = None,
    progress: "Progress | None" = None,
) -> Reproduction:
    """Simulate the run or the sweep in a folder again and compare every file that it wrote.

    out: where what is made again is kept; without it, nowhere. Raises BadInput.
    """
    if out is not None and out.resolve() == folder.resolve():
        fault = Fault(str(out), found=_("the same folder"), allowed=_("another folder"))
        raise BadInput([fault])
    if is_sweep(folder):
        return _of_sweep(folder, out, jobs, progress)
    return _of_run(folder, out, jobs, progress)


def _of_run(
    folder: Path, out: Path | None, jobs: int | None, progress: "Progress | None"
) -> Reproduction:
    loaded, then = store.loaded_of(folder)
    with _place(out) as place:
        _run_again(loaded, then, place, jobs, progress)
        now = store.loaded_of(place)[1]
        files = [name for name in COMPARED if name in {**then["checksums"], **now["checksums"]}]
        differences = [d for name in files for d in _differences(name, folder, then, place, now)]
    left_out = [name for name in then["checksums"] if name not in files]
    return Reproduction(
        folder, tuple(files), tuple(left_out), _changes(then, now), tuple(differences)
    )


def _of_sweep(
    folder: Path, out: Path | None, jobs: int | None, progress: "Progress | None"
) -> Reproduction:
    """A whole sweep, for one that is not yet whole or was damaged is mended by its own command."""
    finished(folder)
    sweep, makers = sweeps.sweep_in(folder)
    if out is not None and out.is_dir() and any(out.iterdir()):
        found, allowed = _("a folder that holds something else"), _("a new folder, or an empty one")
        raise BadInput([Fault(str(out), found=found, allowed=allowed)])
    with _place(out) as place:
        running.run(sweep, place, jobs, None, progress)
        then, now = sweeps.files_of(folder), sweeps.files_of(place)
        differences = [
            difference
            for name, file in then.items()
            if file.read_bytes() != now[name].read_bytes()
            for difference in _of_files(name, file, now[name])
        ]
    return Reproduction(folder, tuple(then), (), _changes_since(makers), tuple(differences))


@contextmanager
def _place(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "again"


def _run_again(
    loaded: Loaded,
    then: Mapping[str, Any],
    place: Path,
    jobs: int | None,
    progress: "Progress | None",
) -> None:
    """As it was asked for: with a precision, the number of replications is found again."""
    precision = then["precision"]
    replications = then["replications"] if precision is None else None
    api.run(
        loaded, then["policies"], replications, precision, then["seed"], then["engine"], jobs,
        place, progress,
    )  # fmt: skip


# ---------------------------------------------------------------- what is not as it was


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """Versions, platform, data and the run itself, where they differ."""
    machine = {name: then["machine"].get(name) for name in store.platform_now()}
    made = Maker(sources=then.get("sources"), versions=then["versions"], machine=machine)
    of_the_run = ("scenario_hash", "baseline_hash", *OF_THE_RUN)
    return (
        *_changes_since([made]),
        *(
            Change(name, _value(then[name]), _value(now[name]))
            for name in of_the_run
            if then[name] != now[name]
        ),
    )


def _changes_since(makers: list[Maker]) -> tuple[Change, ...]:
    """What is not as it was for all who made it; a sweep may have gone on somewhere else."""
    now, before = _flat(maker()), [_flat(one) for one in makers]
    pairs = {
        name: ([one.get(name) for one in before], now.get(name))
        for name in dict.fromkeys(name for one in (*before, now) for name in one)
    }
    return tuple(
        Change(name, ", ".join(dict.fromkeys(map(_value, then))), _value(value))
        for name, (then, value) in pairs.items()
        if any(one != value for one in then)
    )


def _flat(made: Maker) -> dict[str, Any]:
    return {"sources": made.sources, **made.versions, **made.machine}


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else shown(value).strip('"')


# ---------------------------------------------------------------- where files differ


def _differences(
    name: str, folder: Path, then: Mapping[str, Any], place: Path, now: Mapping[str, Any]
) -> Iterator[Difference]:
    wanted, made = then["checksums"].get(name), now["checksums"].get(name)
    if wanted is None or made is None:
        yield Difference(name, _("not written then") if wanted is None else _("not written now"))
        return
    sound = store.is_sound(folder / name, wanted)
    if wanted == made:
        if not sound:
            what = _("damaged since; made again it is as the manifest says")
            yield Difference(name, what, is_damage=True)
        return
    if not sound:
        yield Difference(name, _("damaged since, and made again it is another"))
    else:
        yield from _of_files(name, folder / name, place / name)


def _of_files(name: str, before: Path, after: Path) -> Iterator[Difference]:
    """Where two sound files differ that do not have the same bytes."""
    if name.endswith(".parquet"):
        yield from _of_tables(name, before, after)
    else:
        yield Difference(name, _("other units, or the same in other words"))


def _of_tables(name: str, before: Path, after: Path) -> Iterator[Difference]:
    import pandas as pd

    then, now = pd.read_parquet(before), pd.read_parquet(after)
    found = [*_of_columns(name, then, now), *_of_values(name, then, now)]
    yield from found or [Difference(name, _("the same values in other bytes"))]


def _of_columns(name: str, then: "pd.DataFrame", now: "pd.DataFrame") -> Iterator[Difference]:
    for column in [*then, *(c for c in now if c not in then)]:
        kinds = [str(table[column].dtype) if column in table else "" for table in (then, now)]
        if kinds[0] != kinds[1]:
            yield Difference(
                name, column, then=kinds[0] or shown(None), now=kinds[1] or shown(None)
            )
    if len(then) != len(now):
        yield Difference(name, _("number of rows"), then=str(len(then)), now=str(len(now)))


def _of_values(name: str, then: "pd.DataFrame", now: "pd.DataFrame") -> Iterator[Difference]:
    """Columns of both tables, row by row; where their numbers differ, of the rows of both."""
    rows = min(len(then), len(now))
    for column in then.columns.intersection(now.columns, sort=False):
        before, after = then[column][:rows], now[column][:rows]
        differing = (before.ne(after) & ~(before.isna() & after.isna())).to_numpy(dtype=bool)
        if differing.any():
            first = int(differing.argmax())
            values = (_exactly(before.iloc[first]), _exactly(after.iloc[first]))
            largest = _largest(before[differing], after[differing])
            yield Difference(name, column, first + 1, *values, int(differing.sum()), largest)


def _exactly(value: Any) -> str:
    """Every digit of a number, so that the last bit shows."""
    return repr(float(value)) if isinstance(value, float) else shown(value)


def _largest(before: "pd.Series", after: "pd.Series") -> float | None:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if not all(is_numeric_dtype(s) and not is_bool_dtype(s) for s in (before, after)):
        return None
    apart = (before.astype(float) - after.astype(float)).abs().max()
    return float(apart) if apart == apart else None


# ---------------------------------------------------------------- what is told


def _answer(found: Reproduction) -> str:
    number = len(found.compared)
    if found.same:
        return ngettext(
            "The same: {number} file has the same bytes.",
            "The same: all {number} files have the same bytes.",
            number,
        ).format(number=decimal(number))
    differing = len({difference.file for difference in found.differences})
    return ngettext(
        "Not the same: {differing} of {number} file differs.",
        "Not the same: of {number} files {differing} differ.",
        number,
    ).format(differing=decimal(differing), number=decimal(number))


def _told_of(found: Reproduction) -> Iterator[str]:
    yield from (f"  {_of_difference(difference)}" for difference in found.differences)
    if found.changes:
        yield _("Not as it was when this was made:")
        yield from (
            _("  {what}: {then} then, {now} now").format(**change._asdict())
            for change in found.changes
        )
    elif not all(difference.is_damage for difference in found.differences):
        yield _(
            "Versions, platform and data are as they were: either the manifest was changed by "
            "hand, or this is a fault of hamletsim."
        )
    if found.left_out:
        yield _("Added later and not compared: {files}").format(files=", ".join(found.left_out))


def _of_difference(difference: Difference) -> str:
    told = difference._asdict()
    if difference.row is None:
        if not (difference.then or difference.now):
            return _("{file}: {what}").format(**told)
        return _("{file}: {what}: {then} then, {now} now").format(**told)
    told["rows"] = decimal(difference.rows or 0)
    if difference.largest is None:
        return ngettext(
            "{file}: {what}: row {row} has {then} then, {now} now; {rows} row differs",
            "{file}: {what}: row {row} has {then} then, {now} now; {rows} rows differ",
            difference.rows or 0,
        ).format(**told)
    told["largest"] = significant(difference.largest, 3)
    return ngettext(
        "{file}: {what}: row {row} has {then} then, {now} now; {rows} row differs by {largest}",
        "{file}: {what}: row {row} has {then} then, {now} now; {rows} rows differ, at most by "
        "{largest}",
        difference.rows or 0,
    ).format(**told)
