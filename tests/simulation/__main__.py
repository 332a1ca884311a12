"""Play histories: `python -m tests.simulation --seeds 0:1000`."""

from __future__ import annotations

import os
import sys

_SAME = {"PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"}
"""A history must not depend on the order of a set, and there is one thread."""

if any(os.environ.get(name) != value for name, value in _SAME.items()):
    os.execve(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]], os.environ | _SAME)  # noqa: S606 - this very program

from tests.simulation import stage  # noqa: E402 - as below

stage.set_clocks()

if "--exact" not in sys.argv:
    from tests.simulation.small.install import set_polars

    set_polars()

from tests.simulation.command import main  # noqa: E402 - what it imports reads the environment and the clock

if __name__ == "__main__":  # the processes that it starts import it, too
    main()
