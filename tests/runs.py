"""A small run that tests of figures and reports share."""

from pathlib import Path
from typing import Any

import sim
from sim.experiment import Results
from tests.load_samples import SCENARIO

MARKUP = "<b>Bình</b> & <script>alert(1)</script>"
POLICIES = """\
notes:
  - en: "2,474 is printed; <i>it is</i> 2,475, for 830, 834 and 811 are printed beside it."
    vi: "In 2.474; đúng là 2.475."
    ru: "Напечатано 2474; на деле 2475."
uncertain:
  source.listing.per_resident: {distribution: gamma, mean: 0.0022, sd: 0.0007}
  postings.renewal: {distribution: beta, mean: 0.7, sd: 0.1}
parameter_draws: 5
policy_names:
  as-is: {vi: giữ nguyên như hiện trạng nay, ru: всё остаётся как теперь}
costs: {admission.admitted: 2, reinforcement.posting_month: 1}
published: {admission: 0.02}
"""
HAMLETS = 12


def table(schools: bool = False) -> str:
    """Twelve hamlets in two communes, some weak, one with markup for a name; schools, if wanted."""
    rows = [
        "area.district,area.commune,id,name,kind,residents,staff,officials,posted,posted_pool,cell"
    ]
    for h in range(HAMLETS):
        name = f'"{MARKUP}"' if h == 0 else f"Xóm {h}"
        officials, posted = 3 + h // 3 if h else 1, 2 if h == 0 else ""
        pool = "army" if h == 0 else ""
        commune = "Quỳnh Lâm" if h < 7 else "Quỳnh Tam"
        people = f"{150 + 30 * h},,{officials},{posted},{pool}"
        rows.append(f"Quỳnh Lưu,{commune},H{h},{name},hamlet,{people},own")
    if schools:
        rows.append("Quỳnh Lưu,Quỳnh Tam,S1,School 1,school,,20,4,,,own")
        rows.append("Quỳnh Lưu,Quỳnh Tam,S2,School 2,school,,20,3,,,none")
        rows.append("Quỳnh Lưu,Quỳnh Tam,S3,School 3,school,,8,1,,,with:S1")
        rows.append("Quỳnh Lưu,Quỳnh Lâm,C1,Station,health_station,,8,3,,,own")
    return "\n".join(rows) + "\n"


def scenario(folder: Path, schools: bool = False) -> Path:
    """The scenario file with its table, in a folder."""
    text = SCENARIO.replace("policies:\n", f"{POLICIES}policies:\n").replace(
        "Four units", "Twelve hamlets"
    )
    text += (
        "  posted-in:\n"
        "    - {lever: reinforcement, strength_below: 3, number: 2, term_months: 24, pool: army}\n"
    )
    (folder / "s.yaml").write_text(text, "utf-8")
    (folder / "hamlets.csv").write_text(table(schools), "utf-8")
    return folder / "s.yaml"


def run(folder: Path, schools: bool = False, **options: Any) -> Results:
    """The run, written to `folder / "run"`; made anew for each module of tests."""
    return sim.run(scenario(folder, schools), replications=20, out=folder / "run", **options)


def words_of(axes: Any) -> str:
    """All that is written in a figure, on one line."""
    from matplotlib.text import Text

    return " ".join(" ".join(text.get_text() for text in axes.figure.findobj(Text)).split())
