import time

import pytest
import structlog

from stream_worker.process.progress import shown


def test_machines_get_a_line_now_and_then_and_nothing_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with structlog.testing.capture_logs() as lines, shown("rows read", 100) as move:
        for second in (10, 31, 40, 62):
            now = float(second)
            move(25)
    assert [(line["event"], line["done"], line["total"]) for line in lines] == [
        ("progress", 50, 100),
        ("progress", 100, 100),
    ]
    assert capsys.readouterr() == ("", "")
