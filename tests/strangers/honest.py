"""The program `python -m tests.strangers.honest`: honest connections beside strangers, measured when asked.

The same connections send one report after another all the time, as `tests.benchmarks.load` does. One that is
dropped is not opened again, because that must not happen. After a line "<seconds>" on standard input it
prints the `Load` of the next seconds; at the end of standard input, how all requests were answered.
"""

import argparse
import json
import select
import sys
from dataclasses import asdict

from tests.benchmarks.load import Generator

_SLICE = 0.05  # seconds between looks at standard input


def main() -> None:
    """Send reports until standard input ends, or for `--seconds` at most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    generator = Generator(given.port, given.connections)
    generator.begin()
    left = given.seconds
    while left > 0:
        if select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            if not line:
                break
            _say(asdict(generator.measure(float(line))))
            left -= float(line)
        generator.send_for(_SLICE)
        left -= _SLICE
    generator.finish()
    _say(generator.statuses)


def _say(document: object) -> None:
    print(json.dumps(document), flush=True)  # noqa: T201 - how it reports to who started it


if __name__ == "__main__":
    main()
