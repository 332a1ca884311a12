"""Versions that are semantic ones and texts that are not: whatever takes a version takes the former alone."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

LONGEST: Final = 64

GOOD: Final = (
    "0.0.0",
    "0.0.1",
    "1.4.2",
    "10.20.30",
    "2024.1.1",
    f"{10**20}.0.0",
    "1.2.3-rc.1",
    "1.2.3-0",
    "1.2.3-0a",
    "1.2.3--",
    "1.0.0-alpha-a.b-c+d.e-f",
    "1.9.1+b7",
    "1.9.1+001",
    "2.0.0-rc.1+b-7",
    "1.0.0-" + "a" * (LONGEST - 6),
    "1.0.0+" + "0" * (LONGEST - 6),
)

BAD: Final = (
    "",
    "1",
    "1.2",
    "1.2.3.4",
    "v1.2.3",
    "V1.2.3",
    "=1.2.3",
    "2024.01.1",
    "01.2.3",
    "1.2.03",
    "1.2.3-",
    "1.2.3-01",
    "1.2.3-a..b",
    "1.2.3+",
    "1.2.3+a..b",
    "1.2.3+a+b",
    "1.2.3-a_b",
    "1.-2.3",
    "1.2.x",
    "latest",
    "dev",
    " 1.2.3",
    "1.2.3 ",
    "1.2.3\n",
    "1.2.3\r\n",
    "1.2.3\x00",
    "1.2.3\u2028",
    "latest\n1.2.3",
    "1.2.3\nlatest",
    "\u0661.\u0662.\u0663",
    "1.2.3-\u00e9",
    "1.0.0-" + "a" * (LONGEST - 5),
)

NEAR: Final = st.from_regex(
    r"\A(0|1|01|v1)(\.(0|20|01|x)){1,3}(-[0-9a-z.-]{0,4})?(\+[0-9a-z.-]{0,4})?\n?\Z"
) | st.text("019aZ-.+v \n", max_size=LONGEST + 2)
"""A strategy of texts that often are versions, or nearly."""
