"""The terminal: plain text within 80 columns, the verdict and what could not be restored last."""

import io
import shlex
from types import SimpleNamespace

from report import handmade
from report.test_renderings import printed
from whop_contracts.cli.check import Progress
from whop_contracts.report import terminal
from whop_contracts.report.summary import visible


class Screen(io.StringIO):
    def isatty(self):
        return True


def of(failure, id_="pausing.status-is-paused"):
    """A result of one failure."""
    return handmade.result(handmade.clause(id_, "failed", failure=failure))


def test_text_that_is_piped_is_plain_and_fits_80_columns():
    for kind, result in handmade.kinds().items():
        for how in ({}, {"verbose": True}):
            text = printed(result, **how)
            for line in text.splitlines():
                pasted = line.lstrip().startswith(("reproduce", "whop-c", "the same"))
                assert len(line) <= 80 or pasted, (kind, line)
                assert line == line.rstrip()
            assert text.replace("\n", "").isprintable()
    wide = printed(of(handmade.failure(actual="広告" * 80))).splitlines()
    assert max(len(line) for line in wide if "広" in line) <= 34 + 12


def test_no_character_of_a_target_moves_the_cursor_or_reverses_the_line():
    for how in ({}, {"quiet": True}, {"verbose": True}):
        text = printed(handmade.everything(handmade.HOSTILE), **how)
        assert not set(text) & set("\x1b\x00\x07\u202e\u2066\ud800\ufffe")
        assert "[bold]x[/bold]" in text.replace("\n            ", "") or how.get("quiet")
    assert len(printed(handmade.everything("x" * 1_000_000), verbose=True)) < 20_000


def test_a_terminal_is_coloured_unless_no_color_is_set(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    for value, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", value)
        screen = Screen()
        terminal.print_result(handmade.everything(), screen)
        assert ("\x1b[" in screen.getvalue()) is coloured


def test_a_failure_is_shown_in_full():
    story = printed(handmade.kinds()["violates"]).partition("FAILED ")[2]
    for part in (
        "pausing.status-is-paused\n",
        "clause    What pausing.status-is-paused requires",
        "source    page: response, status (must)",
        "expected  paused",
        "actual    active",
        "at        /status",
        "failed in 3 of 12 exchanges, first in request 7",
        "sent      a date tomorrow (instant), 3 times, first in request 7",
        "request   POST /ad_campaigns/adcamp_Kb7Qw2Zr9Xt4M/pause",
        '            {"paused_until": "2026-09-22T13:46:40Z"}',
        "response  200 application/json",
        "\n            whop-contracts run --profile standard --seed 0 --clause pausing.status-is-paused\n",
    ):
        assert part in story, part
    line = next(line for line in story.splitlines() if line.startswith("  reproduce"))
    assert shlex.split(line)[1:] == shlex.split(handmade.failure()["curl"])


def test_recorded_traffic_is_checked_again_by_the_same_command():
    recorded = handmade.kinds()["violates"]
    del recorded["plan"]["command"]
    assert "  the same command with --clause pausing.status-is-paused\n" in printed(recorded)


def test_the_verdict_and_the_effort_come_last_and_what_could_not_be_restored_after_them():
    assert printed(handmade.everything()).splitlines()[-3:] == [
        "violates: 2 clauses failed",
        "241 requests in 2.5 s",
        "NOT PUT BACK: adcamp_Kb7: a note",
    ]
    assert "1 warning counts as a failure (--strict)" in printed(handmade.kinds()["strict"])
    quiet = printed(handmade.everything(), quiet=True).splitlines()
    assert [line.split()[0] for line in quiet] == ["FAILED", "FAILED", "violates:", "NOT"]


def test_a_run_that_could_not_begin_is_one_line():
    expected = "inconclusive: adcamp_1 could not be read: the credential is not accepted (401)"
    assert printed(handmade.kinds()["hasty"]).splitlines() == [expected]


def test_verbose_lists_every_clause():
    result = handmade.everything()
    text = printed(result, verbose=True).replace("\n            ", "")
    assert all(f"{row['id']} ({row['exchanges']})" in text for row in result["clauses"])


def test_the_table_adds_up_and_what_else_there_is_is_listed():
    text = printed(handmade.everything())
    for part in (
        "\nAll                  1       2       1       1           2         60\n",
        "\nResponse             -       2       1       -           -         36\n",
        "warned      response.status-is-200: expected paused",
        "            sent: a date tomorrow (instant), 3 times, first in request 7",
        "waived      pausing.second-pause: a note",
        'drift       undocumented field /a note ("a note", 12 times)',
        "            undocumented field: a note",
        "not tested  a note: authorization.readonly, authorization.foreign",
        "note        1 auto-resume observed, at most 1.2 s late",
        "2026-11-26T10:00:00.000Z to 2026-11-26T10:00:02.500Z",
    ):
        assert part in text, part


def test_a_failure_about_a_state_is_shown_with_the_requests_before_it():
    until, other = "2026-09-22T13:46:40.000Z", {"campaign": "adcamp_2", "status": None, "at": None}
    failure = handmade.failure()
    failure["request"] |= {
        "at": "2026-09-22T13:47:00.000Z",
        "before": [
            handmade.event(number=4, asked="read", paused_until=None, status="active"),
            handmade.event(number=5, asked=f"pause until {until}", until=until),
            handmade.event(number=6, asked="unpause", answer="timed out", **other),
        ],
    }
    lines = printed(of(failure, "auto_resume.resumes")).partition("  before    ")[2].splitlines()
    assert [line.strip() for line in lines[:5]] == [
        "4 2026-09-22T13:00:00.000Z read: 200, active",
        f"5 2026-09-22T13:00:00.000Z pause until {until}:",
        "200",
        "6 unpause (adcamp_2): timed out",
        "7 2026-09-22T13:47:00.000Z this one",
    ]


def test_a_body_is_shown_from_the_member_that_the_failure_is_about():
    body = '{"title": "' + "x" * 2_000 + '", "pausedUntil": null, "id": "adcamp_1"}'
    for pointer, shown in (("/paused_until", '"pausedUntil": null'), ("/id", '"id": "adcamp_1"')):
        failure = handmade.failure(actual="absent", pointer=pointer)
        failure["response"] |= {"body": body}
        assert shown in printed(of(failure))


def test_a_character_that_cannot_be_seen_is_written_as_its_escape():
    for text, shown in (
        ("plain", "plain"),
        ("é 広", "é 広"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202eabc\u200b", r"\u202eabc\u200b"),
        ("\ud800\U000e0001", r"\ud800\U000e0001"),
        ("x" * 301, "x" * 299 + "…"),
        (None, "None"),
        (3, "3"),
    ):
        assert visible(text) == shown


def test_without_a_terminal_a_line_every_ten_seconds_shows_the_progress(monkeypatch):
    """Also while nothing is sent: the line is that of the last exchange."""
    seconds, ticks, lines, threads = iter([0.0, 9.0, 10.5, 30.0]), iter([False, False, False, True]), [], []
    event = SimpleNamespace(wait=lambda _seconds: next(ticks), set=lambda: lines.append("ended"))
    started = SimpleNamespace(start=lambda: None)
    fake = {"Event": lambda: event, "Thread": lambda target, daemon: threads.append(target) or started}
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    monkeypatch.setattr(terminal, "threading", SimpleNamespace(**fake))
    progress = Progress("a", sent=20, planned=100, waited_s=0.0, failed=1)
    with terminal.watching(lines.append, quiet=False) as watch:
        watch(progress)
        watch(progress)
        threads[0]()
    assert lines == ["progress: 20 of 100 requests, 42 s left, 1 failed"] * 3 + ["ended"]
    with terminal.watching(lines.append, quiet=True):
        assert len(threads) == 1
