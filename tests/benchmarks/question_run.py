"""Asks one question of a lake in a folder: `python -m tests.benchmarks.question_run FOLDER NAME`.

Prints the seconds that the answer took, the most memory (MB), and the bytes that were read from files.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Final

from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.questions import QUESTIONS

_COUNTED: Final = Path("/proc/self/io")


def main() -> None:
    """Ask the question once, of files that nothing in this process has read."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    with Engine(Folder(folder), threads=2) as engine:
        read, spilled, begun = _counted("rchar"), _counted("wchar"), time.perf_counter()
        answer = engine.ask(QUESTIONS[name])
        seconds = time.perf_counter() - begun
        # What went to the folder for spilling came back from it, and is none of the lake.
        scanned = _counted("rchar") - read - (_counted("wchar") - spilled)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    sys.stdout.write(
        json.dumps({"seconds": seconds, "peak": peak, "bytes": scanned, "rows": len(answer.rows)})
    )


def _counted(what: str) -> int:
    lines = dict(line.split(": ") for line in _COUNTED.read_text(encoding="ascii").splitlines())
    return int(lines[what])


if __name__ == "__main__":
    main()
