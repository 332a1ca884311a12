from __future__ import annotations
import os, sys
if os.environ.get("PYTHONHASHSEED") != "0" or os.environ.get("POLARS_MAX_THREADS") != "1":
    os.execve(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]], os.environ | {"PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"})
import time
from collections import Counter
from tests.simulation import game, plan, stand_ins
stand_ins.install()
a, b = map(int, sys.argv[1].split(":"))
verbose = len(sys.argv) > 2
begun = time.process_time(); effects = 0; found = Counter(); first = {}
for seed in range(a, b):
    p = plan.make(seed)
    played = game.play(p)
    effects += played.effects
    if played.violation:
        found[played.violation.invariant] += 1
        first.setdefault(played.violation.invariant, (seed, played.violation.detail))
        if verbose:
            for at, who, what in played.history: print(f"{time.strftime('%d %H:%M:%S', time.gmtime(at))}.{int(at%1*1000):03d} {who:12} {what}")
            for op in p.ops: print(op)
            print(p)
        print(seed, played.violation)
took = time.process_time() - begun
for k, v in first.items(): print("  ", k, v)
print(b - a, "histories", round((b - a) / took, 2), "a second,", effects, "effects,", dict(found))
