from __future__ import annotations
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class Mutation:
    name: str
MUTATIONS = ()
def apply(name: str) -> None: ...
