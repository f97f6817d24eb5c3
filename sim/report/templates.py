"""Templates with their style and script to a file that needs nothing else."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from sim.messages import language

HERE = Path(__file__).parent


def rendered(template: str, **values: Any) -> str:
    """`<template>.html` with `<template>.css` and `<template>.js`, in the current language.

    Texts among the values are escaped unless they are markup; a value that is missing is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    script = _read(f"{template}.js")
    return environment.get_template(f"{template}.html").render(
        language=language(),
        style=Markup(_read(f"{template}.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        **values,
    )


@cache
def _read(file: str) -> str:
    return (HERE / file).read_text("utf-8")
