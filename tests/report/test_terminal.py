"""What is printed: plain where nobody looks at a terminal, within 80 columns, the verdict and what could not be put back last."""

from __future__ import annotations

import io
import re
import shlex

import pytest

from report import handmade
from whop_contracts.report import terminal
from whop_contracts.report.sanitize import visible


class Screen(io.StringIO):
    def isatty(self):
        return True


def printed(result, *, stream=None, **how):
    stream = stream or io.StringIO()
    terminal.show(result, stream, **how)
    return stream.getvalue()


@pytest.mark.parametrize("kind", handmade.kinds())
@pytest.mark.parametrize("how", [{}, {"verbose": True}])
def test_what_is_piped_is_plain_and_fits_80_columns(kind, how):
    text = printed(handmade.kinds()[kind], **how)
    allowed = {"http://provider.mock/api/v1/ad_campaigns/adcamp_Kb7Qw2Zr9Xt4M/pause"}
    for line in text.splitlines():
        assert len(line) <= 80 or any(word in line for word in allowed) or "curl" in line or "\\" in line, (
            line
        )
        assert line == line.rstrip()
    assert text.replace("\n", "").replace("…", "").isprintable()


def test_no_character_of_a_target_moves_the_cursor_or_turns_the_line_round():
    for how in ({}, {"quiet": True}, {"verbose": True}):
        text = printed(handmade.everything(handmade.HOSTILE), **how)
        assert not set(text) & set("\x1b\x00\x07\u202e\u2066\ud800\ufffe")
        assert "[bold]x[/bold]" in text.replace("\n            ", "") or how.get("quiet")


def test_a_title_of_a_megabyte_is_cut():
    assert len(printed(handmade.everything("x" * 1_000_000), verbose=True)) < 20_000


def test_a_terminal_is_coloured_unless_no_color_is_set(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in printed(handmade.everything(), stream=Screen())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in printed(handmade.everything(), stream=Screen())


def test_a_failure_tells_the_promise_where_it_stands_what_came_and_how_to_see_it_again():
    text = printed(handmade.kinds()["violates"])
    story = text.partition("FAILED ")[2]
    for part in (
        "pausing.status-is-paused\n",
        "promise   What pausing.status-is-paused promises",
        "says      page: response, status (must)",
        "expected  paused",
        "actual    active",
        "at        /status",
        "broken by 3 of 12 exchanges, first in request 7",
        "request   POST /ad_campaigns/adcamp_Kb7Qw2Zr9Xt4M/pause",
        '            {"paused_until": "2026-09-22T13:46:40Z"}',
        "answer    200 application/json",
        "whop-contracts run --profile standard --seed 0",
        "--clause pausing.status-is-paused",
    ):
        assert part in story, part


def test_the_curl_line_can_be_pasted_as_it_is_printed():
    text = printed(handmade.kinds()["violates"])
    block = re.search(r"curl      (curl .*?)\n  again", text, re.DOTALL)[1]
    assert shlex.split(block.replace("\\\n", "")) == shlex.split(handmade.failure()["curl"])


def test_on_a_live_target_the_command_is_the_same_with_the_clause():
    result = handmade.kinds()["violates"] | {
        "target": {"kind": "live", "base_url": "https://s.example/api/v1"}
    }
    assert "the same command with" in printed(result)


def test_the_verdict_and_the_effort_come_last_and_what_could_not_be_put_back_after_them():
    lines = printed(handmade.everything()).splitlines()
    assert lines[-3:] == [
        "violates: 2 promises are broken",
        "241 requests in 2.5 s",
        "NOT PUT BACK: adcamp_Kb7: a note",
    ]


def test_quiet_is_the_verdict_and_a_line_a_failure():
    lines = printed(handmade.everything(), quiet=True).splitlines()
    assert [line.split()[0] for line in lines] == ["FAILED", "FAILED", "violates:", "NOT"]


def test_a_run_that_could_not_begin_is_one_line():
    expected = "inconclusive: adcamp_1 could not be read: the credential is not accepted (401)"
    assert printed(handmade.kinds()["hasty"]).splitlines() == [expected]


def test_verbose_tells_every_clause():
    result = handmade.everything()
    text = printed(result, verbose=True).replace("\n            ", "")
    assert all(f"{row['id']} ({row['exchanges']})" in text for row in result["clauses"])


def test_the_table_adds_up():
    text = printed(handmade.everything())
    cells = {line.split()[0]: line.split()[1:] for line in text.splitlines()[2:7] if line}
    assert cells["All"] == ["1", "2", "1", "1", "2", "60"]
    assert cells["Response"] == ["-", "2", "1", "-", "-", "36"]


def test_warnings_drift_and_what_was_not_tested_are_told_and_the_latter_by_reason():
    text = printed(handmade.everything())
    assert "warned      response.status-is-200: expected paused" in text
    assert "waived      pausing.second-pause: a note" in text
    assert "drift       undocumented field /a note (a note, 12 times)" in text
    assert "not tested  no second campaign was given: authorization.foreign" in text
    assert "note        1 auto-resume seen, 1.2 s late at most" in text


def test_a_failure_about_a_state_is_told_with_what_led_to_it():
    events = [
        handmade.event(number=4, asked="read", paused_until=None, status="active"),
        handmade.event(number=5, asked="pause until 2026-09-22T13:46:40.000Z"),
        handmade.event(
            number=6, campaign="adcamp_2", asked="unpause", answer="timed out", status=None, at=None
        ),
    ]
    failing = handmade.failure()
    failing["request"] |= {"at": "2026-09-22T13:47:00.000Z", "before": events}
    text = printed(handmade.result(handmade.clause("auto_resume.resumes", "failed", failure=failing)))
    lines = [line[12:] for line in text.partition("  before    ")[2].splitlines()]
    assert (
        text.partition("  before    ")[2].splitlines()[0] == "  4 2026-09-22T13:00:00.000Z read: 200, active"
    )
    asked = "  5 2026-09-22T13:00:00.000Z pause until 2026-09-22T13:46:40.000Z: 200"
    assert " ".join(lines[1:3]) == asked
    assert lines[3:5] == ["  6 unpause (adcamp_2): timed out", "  7 2026-09-22T13:47:00.000Z this one"]


def test_a_strict_verdict_names_the_warnings():
    assert "1 warning counts as failed (--strict)" in printed(handmade.kinds()["strict"])


def test_text_in_wide_characters_keeps_within_the_columns():
    result = handmade.kinds()["violates"]
    result["clauses"][0]["failure"] |= {"actual": "広告" * 80}
    assert max(len(line) for line in printed(result).splitlines() if "広" in line) <= 34 + 12


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("é 広", "é 広"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202eabc\u200b", r"\u202eabc\u200b"),
        ("\ud800\U000e0001", r"\ud800\U000e0001"),
        ("x" * 301, "x" * 299 + "…"),
        (None, "None"),
        (3, "3"),
    ],
)
def test_what_cannot_be_seen_is_written_as_its_escape(text, shown):
    assert visible(text) == shown


def test_a_long_answer_is_shown_where_the_failure_is():
    """Else the part of it that tells would be cut off."""
    body = '{"id": "adcamp_1", "filler": "' + "x" * 900 + '", "pausedUntil": null, "rest": 1}'
    failure = handmade.failure(
        pointer="/paused_until", actual="absent; 'pausedUntil' is there, likely under the wrong name"
    )
    failure["response"] = {"status": 200, "headers": {}, "body": body}
    text = printed(handmade.result(handmade.clause("timestamps.paused-until", "failed", failure=failure)))
    assert '"pausedUntil": null' in text.replace("\n            ", "")
    failure["pointer"] = "/id"
    text = printed(handmade.result(handmade.clause("identifiers.campaign-id", "failed", failure=failure)))
    assert '{"id": "adcamp_1"' in text


def test_a_long_address_still_fits_where_a_command_is_folded():
    base_url = "https://staging.example.com/api/v1"
    failure = handmade.failure(
        curl=f"curl -i -X POST {base_url}/ad_campaigns/adcamp_XXXXXXXX/pause -H 'A: b'"
    )
    text = printed(handmade.result(handmade.clause("pausing.status-is-paused", "failed", failure=failure)))
    assert max(map(len, text.splitlines())) <= 80


def test_drift_says_once_a_kind_what_to_change_where_the_page_has_moved():
    text = " ".join(printed(handmade.everything()).split())
    assert text.count("if the page says so by now") == 2
    assert (
        'missing field: if the page says so by now: put it under "optional" in schemas/annotations.json'
        in text
    )


def test_a_recording_is_judged_again_by_its_own_command():
    result = handmade.kinds()["violates"] | {
        "target": {"kind": "recorded", "base_url": "https://s.example/api/v1"}
    }
    assert "again     the same command with --clause pausing.status-is-paused\n" in printed(result)
