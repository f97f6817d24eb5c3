"""A scenario as YAML text."""

import io
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter

from sim.scenario import Scenario

WIDTH = 100
PLAIN = re.compile(r"\w[\w.-]*( [\w.-]+)*")
STR = "tag:yaml.org,2002:str"


def dump(scenario: Scenario) -> str:
    """The scenario fully resolved, every default spelled out; it loads again equal."""
    writer = YAML(typ="safe", pure=True)
    writer.Representer = _Representer
    writer.default_flow_style = None
    writer.allow_unicode = True
    writer.width = WIDTH
    writer.representer.sort_base_mapping_type_on_output = False
    text = io.StringIO()
    writer.dump(_plain(scenario.model_dump(by_alias=True, exclude_none=True)), text)
    return text.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


class _Representer(SafeRepresenter):
    def represent_str(self, data: str) -> ScalarNode:
        # ruamel.yaml leaves some texts without quotation marks that need them, such as `?0`.
        style = None if PLAIN.fullmatch(data) else '"'
        return self.represent_scalar(STR, data, style=style)


_Representer.add_representer(str, _Representer.represent_str)
