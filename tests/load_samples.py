"""A small scenario and its table, written to a folder with whatever a test changes."""

from pathlib import Path

from sim.load import load
from sim.messages import BadInput, Fault

SCENARIO = """\
title: {en: Four units}
baseline: hamlets.csv
start: 2020-01-01
years: 10
training: {level: district, seats: 40}
admission:
  targets: {level: commune, per_year: 6}
postings:
  pools:
    army: {level: district, size: 9}
policies:
  as-is: []
  more-seats:
    - {lever: training, from: 2021-01-01, where: all, seats: {times: 1.5}}
"""

TABLE = """\
area.district,area.commune,id,name,kind,tags,residents,staff,officials,posted,posted_pool,cell,neighbour
Quỳnh Lưu,Quỳnh Lâm,H1,Hamlet 1,hamlet,religious,420,,6,,,own,H2
Quỳnh Lưu,Quỳnh Lâm,H2,Hamlet 2,hamlet,,310,,3,1,army,own,H1
Quỳnh Lưu,Quỳnh Lâm,H3,Hamlet 3,hamlet,religious,0,,,,,none,
Quỳnh Lưu,Quỳnh Tam,S1,School,school,,,20,4,,,own,
"""


def written(folder: Path, scenario: str | bytes = SCENARIO, table: str | bytes = TABLE) -> Path:
    """The path of the scenario, written to `folder` together with its table."""
    for name, content in {"s.yaml": scenario, "hamlets.csv": table}.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    return folder / "s.yaml"


def faults_of(path: Path) -> tuple[Fault, ...]:
    """The faults of a scenario file; none if it loads."""
    try:
        load(path)
    except BadInput as bad:
        return bad.faults
    return ()


def lines_of(path: Path) -> list[str]:
    """The faults as a planner reads them, with the folder left out."""
    return [str(fault).replace(f"{path.parent}/", "") for fault in faults_of(path)]
