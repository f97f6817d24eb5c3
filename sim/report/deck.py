"""Slides as one file that opens offline: of a run, and of the notebooks."""

from collections.abc import Sequence

from sim.messages import _
from sim.report.blocks import Part
from sim.report.templates import rendered


def deck(title: str, slides: Sequence[Part]) -> str:
    """A deck in the current language, a part a slide; keys of parts are all different."""
    texts = {"slides": _("Slides"), "next": _("Next slide"), "back": _("Previous slide")}
    return rendered("deck", title=title, slides=slides, texts=texts)
