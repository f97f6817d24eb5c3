"""The command `template`: a workbook to fill."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli import _command, _told
from sim.messages import N_, BadInput, Fault, _, shown

SUFFIX = ".xlsx"


@_command(
    N_("Make a workbook to fill: hamlets, assumptions, policies. `check` and `run` read it."),
    "hamletsim template my-district.xlsx",
    "hamletsim template my-district.xlsx --lang vi",
)
def template(
    file: Annotated[
        Path, typer.Argument(metavar=N_("FILE.xlsx"), help=N_("The workbook to make, a new file."))
    ],
) -> None:
    with _told(_("no workbook was made")):
        if file.suffix.casefold() != SUFFIX:
            allowed = _("a name that ends in {}").format(SUFFIX)
            found, near = shown(file.name), f"{file.stem or file.name}{SUFFIX}"
            raise BadInput([Fault(_("FILE.xlsx"), found=found, allowed=allowed, suggestion=near)])
        if file.exists():
            found, allowed = _("a file that is there already"), _("a new file")
            raise BadInput([Fault(str(file), found=found, allowed=allowed)])
        from sim import store
        from sim.load.template import template as made

        store.write_bytes(file, made(file))
        typer.echo(_("{file}\nFill it, then: {command}").format(
            file=file, command=f"hamletsim check {file}"
        ))  # fmt: skip
