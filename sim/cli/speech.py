"""Help and wrong usage in the planner's language.

typer speaks English only, and reads its help texts when they are imported. So help texts are only
marked (`N_`) where they stand, and translated here when they are shown; wrong usage is told as any
other fault. `--lang` works before and after the name of a command, and for faults of the command
line itself, because it is looked for before typer reads anything.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from sim.messages import (
    N_,
    BadInput,
    Fault,
    _,
    chosen_language,
    listed,
    nearest,
    shown,
    speaking,
)

BAD_INPUT = 2
LANG = "--lang"
OF_TYPER = (
    N_("Show this message and exit."),
    N_("Install completion for the current shell."),
    N_("Show completion for the current shell, to copy it or customize the installation."),
)
"""Help of the options that typer adds itself."""


class Command(TyperCommand):
    """A command with its help in the current language."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help."""
        _write_help(self, ctx, formatter)


ORDER = (
    "template", "check", "run", "best", "trace", "sweep", "sensitivity", "marginal", "calibrate",
    "backtest", "reproduce", "figures", "report", "describe", "schema",
)  # fmt: skip
"""Commands as help lists them: input, runs, studies, trust, what is shown."""


class Group(TyperGroup):
    """All commands; each takes the options of the group too."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: self.commands[name] for name in ORDER}
        for command in self.commands.values():
            command.params += self.params

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the whole help."""
        _write_help(self, ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named. Raises BadInput if there is none."""
        if args[0] not in self.commands:
            fault = Fault(
                ctx.command_path,
                found=shown(args[0]),
                allowed=listed(self.commands),
                suggestion=nearest(args[0], self.commands),
            )
            raise BadInput([fault])
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *more: Any, **settings: Any) -> NoReturn:
        """Run the command that is asked for, in the language asked for, and end."""
        given = list(sys.argv[1:] if args is None else args) or ["--help"]
        try:
            language = chosen_language(_language_in(given))
        except BadInput as bad:
            refuse(bad)
        with speaking(language):
            try:
                code = super().main(given, *more, **settings | {"standalone_mode": False})
            except BadInput as bad:
                refuse(bad)
            except typer.TyperException as error:
                refuse(BadInput([_usage_fault(error)]), _help_told(getattr(error, "ctx", None)))
        sys.exit(code or 0)


def refuse(bad: BadInput, more: str = "") -> NoReturn:
    """Tell every fault on stderr, one a line, and end."""
    typer.echo("\n".join(filter(None, (str(bad), more))), err=True)
    sys.exit(BAD_INPUT)


def _language_in(arguments: Sequence[str]) -> str | None:
    """The last value of --lang, if there is one."""
    asked = None
    for argument, after in zip(arguments, (*arguments[1:], None), strict=True):
        name, equals, value = argument.partition("=")
        if argument == "--":
            break
        if name == LANG:
            asked = value if equals else after
    return asked


# ---------------------------------------------------------------- help


def _write_help(command: Any, ctx: Any, formatter: Any) -> None:
    """Usage, purpose, arguments, options, commands and examples."""
    formatter.write_usage(ctx.command_path, " ".join(_usage(command)), _("Usage: "))
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(_(str(command.help)))
    params = command.get_params(ctx)
    arguments = [p for p in params if isinstance(p, TyperArgument)]
    sections = {
        _("Arguments"): [_row(p) for p in arguments],
        _("Options"): [_row(p) for p in params if p not in arguments],
        _("Commands"): [(n, _(str(c.help))) for n, c in getattr(command, "commands", {}).items()],
    }
    for heading, rows in sections.items():
        if rows:
            with formatter.section(heading):
                formatter.write_dl(rows)
    if command.epilog:
        with formatter.section(_("Examples")):
            for line in command.epilog.splitlines():
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def _usage(command: Any) -> Iterator[str]:
    yield _("[OPTIONS]")
    yield from (_called(p) for p in command.params if isinstance(p, TyperArgument))
    if isinstance(command, Group):
        yield _("COMMAND ...")


def _row(param: Any) -> tuple[str, str]:
    """How a parameter is written, and what it is for."""
    takes = "" if param.metavar is None else f" {_(param.metavar)}"
    name = _called(param) if isinstance(param, TyperArgument) else f"{param.opts[0]}{takes}"
    text = _(str(param.help))
    if param.default is not None and param.default is not False:
        return name, _("{text} Default: {default}.").format(text=text, default=param.default)
    return name, text


def _called(param: Any) -> str:
    return _(str(param.metavar)) if isinstance(param, TyperArgument) else str(param.opts[0])


def _help_told(ctx: Any) -> str:
    """What to do next after wrong usage."""
    if ctx is None:
        return ""
    return _("Help: {command}").format(command=f"{ctx.command_path} --help")


# ---------------------------------------------------------------- wrong usage


def _usage_fault(error: Any) -> Fault:
    """A fault of the command line in our own words; typer's are English."""
    ctx, option = getattr(error, "ctx", None), getattr(error, "option_name", None)
    if getattr(error, "param", None) is not None:
        return Fault(_called(error.param), found=_found(error), allowed=_allowed(error.param))
    if ctx is None:  # an option without the value it takes, or with one that it does not take
        words = _("nothing"), _("a value")
        found, allowed = words if "requires" in error.message else reversed(words)
        return Fault(option or "", found=found, allowed=allowed)
    if option is not None:
        known = [name for p in ctx.command.get_params(ctx) for name in p.opts if name[0] == "-"]
        like = nearest(option, known)
        return Fault(ctx.command_path, found=shown(option), allowed=listed(known), suggestion=like)
    if isinstance(ctx.command, Group):
        commands = listed(ctx.command.commands)
        return Fault(ctx.command_path, found=_("no command"), allowed=commands)
    rest = error.message.rpartition("(")[2].rstrip(")")
    return Fault(ctx.command_path, found=shown(rest), allowed=_("nothing more"))


def _found(error: Any) -> str:
    """The value that typer, or pydantic for it, did not like."""
    from pydantic import ValidationError

    if isinstance(error.__cause__, ValidationError):
        return shown(error.__cause__.errors(include_url=False)[0]["input"])
    return shown(None)


def _allowed(param: Any) -> str:
    """What may stand for a parameter."""
    from sim.load.shape import described

    annotation = param.type_descriptor.annotation
    bounds = {"minimum": getattr(param, "min", None), "maximum": getattr(param, "max", None)}
    if annotation in (int, float):
        return described({"type": "integer" if annotation is int else "number", **bounds})
    return _("a file or folder") if annotation is Path else _("a text")
