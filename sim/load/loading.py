"""Files -> a scenario and its baseline, or every fault in them at once."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sim.load.checks import scenario_findings
from sim.load.documents import Document, parse_document, read_document
from sim.load.files import read_bytes
from sim.load.findings import TABLE, Finding, Steps, dotted, is_broken, reliable
from sim.load.posteriors import read_posterior
from sim.load.references import reference_findings, unit_findings
from sim.load.sheets import hamlets_grid, sheet_called
from sim.load.spreadsheets import LARGEST_FILE, Book, is_workbook, open_book
from sim.load.stages import unread_levers, unread_parameters
from sim.load.tables import Table, read_table, table_of
from sim.load.validation import Validated, validate
from sim.load.vocabulary import SHEETS
from sim.load.workbooks import workbook_document
from sim.messages import BadInput, Fault, Place, _, listed, shown
from sim.scenario import Baseline, Loaded, Posterior, Scenario

BASELINE: Steps = ("baseline",)
POSTERIOR: Steps = ("posterior",)
POOLS: Steps = ("postings", "pools")


def load(path: str | os.PathLike[str]) -> Loaded:
    """The scenario file at `path`, and the baseline table and posterior it names, relative to its
    folder.

    A workbook as `hamletsim template` makes it holds scenario and table. Raises BadInput with the
    faults of all files and of what they say of each other.
    """
    file, wanted = Path(path), _("a scenario file in YAML, or a workbook in XLSX")
    if _is_workbook(file):
        book = open_book(read_bytes(file, LARGEST_FILE, wanted), str(file))
        document = workbook_document(book)
        validated = validate(document)
        table, table_faults = _read(lambda: _units_in(book))
    else:
        document = read_document(file, wanted)
        validated = validate(document)
        table, table_faults = _table(document, validated)
    faults = [*_scenario_faults(document, validated, table), *table_faults]
    if table is not None:
        faults += _table_faults(table, validated)
    posterior, posterior_faults = _posterior(document, validated)
    faults += posterior_faults
    if faults or table is None:
        raise BadInput(_in_order(faults))
    return Loaded(
        scenario=validated.scenario,
        baseline=table.baseline,
        source_file=str(file),
        posterior=posterior,
    )


def _is_workbook(path: Path) -> bool:
    """Whether a file begins as workbooks do; what cannot be read is told by who reads it whole."""
    try:
        if not path.is_file():  # a pipe may block for ever
            return False
        with path.open("rb") as file:
            return is_workbook(file.read(8))
    except (OSError, ValueError):
        return False


def _units_in(book: Book) -> Table:
    if sheet_called(book, "hamlets") is None:
        allowed = _("a sheet {name}, as `hamletsim template` makes it")
        allowed = allowed.format(name=SHEETS.label("hamlets"))
        raise BadInput([Fault(book.file, found=listed(book.titles), allowed=allowed)])
    return table_of(hamlets_grid(book))


def parse_scenario(text: str, file: str = "scenario") -> Scenario:
    """The scenario of a YAML text that faults call `file`, without its table. Raises BadInput."""
    document = parse_document(text, file)
    validated = validate(document)
    faults = _scenario_faults(document, validated, None)
    if faults:
        raise BadInput(_in_order(faults))
    return validated.scenario


def check(loaded: Loaded) -> tuple[Fault, ...]:
    """The faults of a scenario and baseline that were made or changed in Python."""
    file = loaded.source_file or _("scenario")
    found = [*findings(loaded.scenario, loaded.baseline), *_posterior_findings(loaded)]
    faults = [Fault(file, Place(), dotted(f.at), f.found, f.allowed, f.suggestion) for f in found]
    return (*faults, *unit_faults(loaded))


def _posterior_findings(loaded: Loaded) -> Iterator[Finding]:
    """A posterior that is named and not there, or there and not named."""
    named, there = loaded.scenario.posterior, loaded.posterior
    if (named is None) != (there is None):
        allowed = _("a scenario and its posterior together, as `load` gives them")
        yield Finding(POSTERIOR, shown(named), allowed)


def findings(scenario: Scenario, baseline: Baseline | None) -> Iterator[Finding]:
    """What is wrong with a scenario, and with its references to the table if there is one."""
    yield from scenario_findings(scenario)
    if baseline is not None:
        yield from reference_findings(scenario, baseline)


def unit_faults(loaded: Loaded) -> Iterator[Fault]:
    """The faults of units, named by their ids because their rows are not known any more."""
    for finding in unit_findings(loaded.baseline, loaded.scenario.postings.pools):
        field = f"{loaded.baseline.units[finding.unit].id}: {finding.column}"
        told = finding.found, finding.allowed, finding.suggestion
        yield Fault(loaded.scenario.baseline, Place(), field, *told)


def _table(document: Document, validated: Validated) -> tuple[Table | None, list[Fault]]:
    if is_broken(BASELINE, validated.broken):
        return None, []
    name = validated.scenario.baseline
    path = Path(document.file).parent / name
    blame = document.fault(Finding(BASELINE, shown(name), ""))
    return _read(lambda: read_table(path, blame))


def _read(table: Callable[[], Table]) -> tuple[Table | None, list[Fault]]:
    try:
        found = table()
    except BadInput as bad:
        return None, list(bad.faults)
    return found, list(found.faults)


def _posterior(document: Document, validated: Validated) -> tuple[Posterior | None, list[Fault]]:
    scenario = validated.scenario
    rests_on = (POSTERIOR, ("uncertain",))
    if scenario.posterior is None or any(is_broken(at, validated.broken) for at in rests_on):
        return None, []
    blame = document.fault(Finding(POSTERIOR, shown(scenario.posterior), ""))
    try:
        return read_posterior(Path(document.file).parent / scenario.posterior, scenario, blame), []
    except BadInput as bad:
        return None, list(bad.faults)


def _scenario_faults(document: Document, validated: Validated, table: Table | None) -> list[Fault]:
    broken = [*document.broken, *validated.broken, *(table.broken if table else ())]
    found = _as_written(
        document,
        [
            *findings(validated.scenario, table.baseline if table else None),
            *unread_levers(validated.scenario),
            *unread_parameters(validated.scenario),
        ],
    )
    every = [*reliable(validated.findings, document.broken), *reliable(found, broken)]
    return [*document.faults, *map(document.fault, every)]


def _as_written(document: Document, found: Iterable[Finding]) -> Iterator[Finding]:
    for f in found:
        yield Finding(document.as_written(f.at), f.found, f.allowed, f.suggestion, f.rests_on)


def _table_faults(table: Table, validated: Validated) -> list[Fault]:
    pools = validated.scenario.postings.pools
    known_pools = None if is_broken(POOLS, validated.broken) else pools
    ids_are_known = not {(TABLE, "id"), (TABLE, "area")} & set(table.broken)
    found = unit_findings(table.baseline, known_pools, table.bad_units, ids_are_known)
    return [table.fault(finding) for finding in found]


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    """By file and sheet as first named, then by line or row; each once."""
    once = list(dict.fromkeys(faults))
    sheets = list(dict.fromkeys((fault.file, fault.place.sheet) for fault in once))

    def order(fault: Fault) -> tuple[int, int]:
        where = fault.file, fault.place.sheet
        return sheets.index(where), fault.place.line or fault.place.row or 0

    return sorted(once, key=order)
