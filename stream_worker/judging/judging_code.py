"""A digest of the code that judges: when that code changes, it is another judgement.

It is kept here rather than computed, so that it does not depend on a Python version or an installation.
`tests/support/judging_code.py` finds the modules, computes it, and writes it into this file.
"""

from typing import Final

DIGEST: Final = "6f5d1317d84c97a9"
