"""Makes what the pages in docs/discoveries show: python -m tests.discoveries [NAME ...] [--pictures]

For each heuristic (all with an ablation if none is named) the ablation is measured on validation, and the picture is drawn; a page
that is missing is begun. `--pictures` leaves the measurements as they are. Afterwards `python -m tests.docs.tables --write`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from tests.discoveries.ablations import STUDIES
from tests.discoveries.measure import measure, place
from tests.discoveries.pages import begin
from tests.discoveries.pictures import draw


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(STUDIES)}")
    parser.add_argument("--pictures", action="store_true", help="draw the pictures alone")
    options = parser.parse_args()
    if strange := sorted(set(options.names) - set(STUDIES)):
        parser.error(f"no ablation of {', '.join(strange)}: add one to tests/discoveries/ablations.py")
    for name in options.names or STUDIES:
        print(name, flush=True)
        if not options.pictures:
            found = measure(STUDIES[name], lambda line: print(f"  {line}", flush=True))
            place(name).parent.mkdir(exist_ok=True)
            place(name).write_text(json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n")
        print(f"  {draw(name)}", flush=True)
        begin(name)


if __name__ == "__main__":
    main()
