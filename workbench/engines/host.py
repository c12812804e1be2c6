"""Main function of the process that an engine runs in."""

from __future__ import annotations

import json
import sys

from workbench import engines
from workbench.engines.desk import here
from workbench.system.process import die_with_parent


def main() -> None:
    """Run the engine that the arguments name: PARENT NAME OPTIONS, the options as JSON."""
    parent, name, options = sys.argv[2:5]
    die_with_parent(int(parent))
    desk = here()
    engines.make(name, json.loads(options)).run(desk.start(), desk)
