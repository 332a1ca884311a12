import pytest

from stream_worker.judging.thresholds import THRESHOLDS, THRESHOLDS_TEXT, Thresholds, ThresholdsError


def test_the_live_rules_stand_on_the_same_numbers() -> None:
    assert THRESHOLDS.calls_a_day_most == 10**10
    assert (THRESHOLDS.nonce_repeats_least, THRESHOLDS.nonce_steady_steps_least) == (14, 15)


def test_other_thresholds_can_be_read() -> None:
    changed = THRESHOLDS_TEXT.replace("[copies_least]\nvalue = 20", "[copies_least]\nvalue = 30")
    assert Thresholds.read(changed).copies_least == 30
    assert Thresholds.read(THRESHOLDS_TEXT) == THRESHOLDS


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[copies_least]", "[copy_least]", "copy_least: unknown; copies_least: missing"),
        ("[copies_least]\nvalue = 20", "[copies_least]\nvalue = 20.5", "whole number above 0"),
        ("[copies_least]\nvalue = 20", "[copies_least]\nvalue = true", "whole number above 0"),
        ("value = 0.5", "value = 0", "releases_known_least: `value` must be a number above 0"),
        ("version = 1\n", "", "version: missing"),
        ("version = 1\n", "version = \n", "not TOML"),
        ('[pairs_least]\nvalue = 100\nreason = "', '[pairs_least]\nvalue = 100\nwhy = "', "`reason`"),
    ],
)
def test_a_wrong_text_is_refused_with_the_name(old: str, new: str, complaint: str) -> None:
    assert old in THRESHOLDS_TEXT
    with pytest.raises(ThresholdsError, match=complaint):
        Thresholds.read(THRESHOLDS_TEXT.replace(old, new, 1))
