"""Faults made on purpose, one at a time, in the source of a module as it is imported."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType

_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mutation:
    """`changes` are pairs of old and new text; the old is there once. `seeds` catch it at the latest."""

    name: str
    module: str
    changes: tuple[tuple[str, str], ...]
    seeds: int = 100

    def mutated(self) -> str:
        """Return the module's source with the fault; raise `ValueError` if the code is another by now."""
        source = (_ROOT / f"{self.module.replace('.', '/')}.py").read_text("utf-8")
        for old, new in self.changes:
            if source.count(old) != 1:
                raise ValueError(f"mutation {self.name}: {source.count(old)} times in {self.module}: {old!r}")
            source = source.replace(old, new)
        return source


def _one(name: str, module: str, old: str, new: str, seeds: int = 100) -> Mutation:
    return Mutation(name, f"stream_worker.{module}", ((old, new),), seeds)


_READ: Final = "        found = committed.read_day(self.lake, LIVE, day)\n"
_PROVE: Final = "        proofs, forgotten = self._prove(day, despite_gaps=despite_gaps)\n"
_SCREEN: Final = "    reports = screen(reports, rejections, judgement)\n"
_MIXED: Final = "        _refuse_mixed(again.values(), judgement)\n"
_DEDUPE: Final = "    reports = dedupe(reports, seen, rejections)\n"

MUTATIONS: Final = (
    _one(
        "checkpoint before the commit",
        "shard_life.processor",
        "        commit = self._chain.commit(segment)\n",
        "        self._checkpoint(segment.summary.last)\n        commit = self._chain.commit(segment)\n",
    ),
    _one("no condition on the PUT", "lake.s3_store", ', IfNoneMatch="*"', ""),
    _one(
        "a taken key counts as ours",
        "lake.chain",
        "            if self._lake.put_new(step.key, segment.reports, segment.summary.metadata):\n",
        "            if self._lake.put_new(step.key, segment.reports, segment.summary.metadata) or own:\n",
    ),
    _one(
        "409 counts as taken",
        "lake.s3_store",
        "if status == HTTPStatus.PRECONDITION_FAILED:",
        "if status in {412, 409}:",
    ),
    _one(
        "rejects are not written",
        "lake.chain",
        "self._lake.put_new(rejects, segment.rejects, segment.summary.metadata)",
        "pass",
    ),
    _one(
        "no ancestors in dedupe", "lake.chain", "in self._shard.lineage for", "in [self._shard.shard_id] for"
    ),
    _one("a tail of the newest day only", "lake.chain", "_DAYS_READ: Final = 2", "_DAYS_READ: Final = 1"),
    Mutation(
        "dedupe before screen",
        "stream_worker.judging.pipeline",
        ((_SCREEN, ""), (_DEDUPE, _DEDUPE + _SCREEN)),
    ),
    _one(
        "no nonces of who was quicker",
        "shard_life.processor",
        "self._seen[taken_on].add(self._chain.nonces(key))",
        "pass",
    ),
    _one(
        "a new owner has seen nothing",
        "shard_life.processor",
        "= self._chain.seen(day)",
        "= type(self._chain.seen(day))()",
    ),
    _one(
        "a lost race empties the buffer",
        "shard_life.processor",
        "self._buffer.drop(commit.end)",
        "self._buffer.drop(commit.end if commit.ours else self._delivered)",
    ),
    _one(
        "a checkpoint ahead of the delivery",
        "shard_life.processor",
        "position = min(self._end, self._delivered)",
        "position = self._end",
    ),
    _one(
        "a batch twice is written twice",
        "shard_life.processor",
        "max(self._end, self._buffer.last or START)",
        "self._end",
    ),
    _one(
        "a segment over midnight",
        "stream.records",
        "if arrived // MILLISECONDS_A_DAY != today or (size",
        "if (size",
    ),
    _one(
        "a shard ends unwritten",
        "engines.kcl.shard_owner",
        "            self._finish(given.checkpointer, ended=True)\n",
        "",
    ),
    _one(
        "bare checkpoints",
        "engines.kcl.shard_owner",
        "checkpointer.checkpoint(number, sub_number)",
        "checkpointer.checkpoint()",
    ),
    _one(
        "children before parents",
        "engines.poll",
        "not known and self._finished.issuperset(shard.ancestors)",
        "not known",
    ),
    _one(
        "only the first page of a listing",
        "lake.s3_store",
        'for page in pages for one in page.get("Contents", [])}',
        'for page in list(pages)[:1] for one in page.get("Contents", [])}',
    ),
    Mutation(
        "no proof before a seal",
        "stream_worker.days.seal",
        ((_PROVE, "        proofs, forgotten = {}, []\n"),),
    ),
    Mutation("read before the proof", "stream_worker.days.seal", ((_READ, ""), (_PROVE, _READ + _PROVE))),
    _one(
        "a day sealed before it is over",
        "days.seal",
        "    if now < span.over:\n",
        "    if now < span.over and False:\n",
    ),
    _one(
        "a proof by one page",
        "days.completeness",
        "            if page.at_tip:\n",
        "            if page:\n",
    ),
    _one(
        "a seal without dedupe", "judging.day_pipeline", "    if not again.any():\n", "    if len(again):\n"
    ),
    _one("reports switched first", "publication.catalog", '("rejects", "reports")', '("reports", "rejects")'),
    _one("the greatest link for the one before", "lake.committed", "if found.start < first.start]", "]"),
    Mutation(
        "replays by other thresholds mix",
        "stream_worker.days.replay",
        (("            self.runs.judgement.id,\n", ""), (_MIXED, "")),
        seeds=500,
    ),
    _one(
        "a span of a moment more",
        "stream.span",
        "self.start <= arrived < self.end for arrived",
        "self.start <= arrived <= self.end + 900 for arrived",
    ),
    _one(
        "a hole is not written down",
        "shard_life.processor",
        "        if not self._continuity.join(self._end, run.position(0), run.arrivals[0]):\n",
        "        if False:\n",
    ),
    _one(
        "expire looks at no reader",
        "publication.history",
        "return run in self.publication.all_shown(day) or run in switched_to",
        "return False",
        seeds=200,
    ),
    Mutation(
        "what readers see expires",
        "stream_worker.publication.history",
        (
            ("until = None if run in seen else replaced_at + KEPT", "until = replaced_at + KEPT"),
            ("return run in self.publication.all_shown(day) or run in switched_to", "return False"),
        ),
    ),
    _one("an audit without digests", "audit.stored_rows", "    if not intact(body):\n", "    if False:\n"),
    _one(
        "an audit that does not count",
        "audit.segment_check",
        "            if rows != expected:\n",
        "            if False:\n",
    ),
    _one(
        "an audit that takes a hole for whole",
        "lake.link",
        "        if end < other.start:\n",
        "        if end < other.start:\n            continue\n",
    ),
)


class _Loader(SourceFileLoader):
    mutation: Mutation

    def get_code(self, fullname: str) -> CodeType:
        assert fullname == self.mutation.module
        return compile(self.mutation.mutated(), self.path, "exec")


class _Finder:
    def __init__(self, mutation: Mutation) -> None:
        self._mutation = mutation

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._mutation.module:
            return None
        spec = PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.origin is not None
        loader = _Loader(name, spec.origin)
        loader.mutation = self._mutation
        spec.loader = loader
        return spec


def apply(name: str) -> None:
    """Let a fault be in the code that is imported from now on."""
    mutation = next(one for one in MUTATIONS if one.name == name)
    assert mutation.module not in sys.modules, f"{mutation.module} is imported already"
    sys.meta_path.insert(0, _Finder(mutation))
