"""Tables of a run -> pictures.

Each function takes results - of `sim.run`, or of `sim.read` of a run's folder - and returns
matplotlib axes; `picture(axes)` gives the bytes of a file in the same style, which is not in force
outside: `axes.figure.savefig` would make the labels of axes smaller. They are a slide wide, carry
their labels at what they name, and always show how sure they are. `styled` and `new_axes` are for
figures of your own.
"""

from sim.figures.comparing import differences, lost_beside_few_local, lost_by_policy
from sim.figures.course import (
    ages,
    cells_on_posted_members,
    lost_over_years,
    members,
    over_years,
)
from sim.figures.drawing import new_axes, styled
from sim.figures.files import FIGURES, picture, save_all
from sim.figures.places import at_greatest_risk, heat_map, tiles
from sim.figures.reading import Run, read
from sim.figures.reasons import causes, way_to_official_member
from sim.figures.value import decision, marginal, sensitivity

__all__ = [
    "FIGURES",
    "Run",
    "ages",
    "at_greatest_risk",
    "causes",
    "cells_on_posted_members",
    "decision",
    "differences",
    "heat_map",
    "lost_beside_few_local",
    "lost_by_policy",
    "lost_over_years",
    "marginal",
    "members",
    "new_axes",
    "over_years",
    "picture",
    "read",
    "save_all",
    "sensitivity",
    "styled",
    "tiles",
    "way_to_official_member",
]
