"""Recordings as recorders really write them: what they lack is not tested, and nothing fails for it."""

import base64
import gzip
import zlib
from itertools import product
from pathlib import Path

import pytest

from integrations.recordings import BASE, PAUSE, PAUSED, READ, again, campaign, har, row
from report.making import failing, said, verdicts

CASES = Path(__file__).parent / "cases"
NO_BODIES = "the recording has no bodies of responses to pauses"
ABOUT_THE_BODY = {"request.date-is-accepted", "request.date-is-optional", "pausing.until-is-kept",
                  "pausing.no-date-means-indefinitely", "pausing.status-is-paused"}  # fmt: skip
ABOUT_THE_RESPONSE = {"response.json-text", "response.is-the-campaign", "refusals.no-credential-leaks"}


VERDICTS = {
    "request-body-not-recorded": ("conforms", [], ABOUT_THE_BODY),
    "response-still-gzipped": ("conforms", [], set()),
    "body-text-empty-size-1100": ("inconclusive", [], ABOUT_THE_RESPONSE),
    "playwright-omit": ("inconclusive", [], ABOUT_THE_RESPONSE | ABOUT_THE_BODY),
    "time-null": ("conforms", [], set()),
    "no-date-response-active": ("violates", ["pausing.status-is-paused"], set()),
    "integer-beyond-64-bits": ("conforms", [], set()),
    "half-surrogate": ("violates", ["timestamps.created-at"], set()),
}
"""The verdict of each case, the clauses that fail, and those that must not be tested."""


@pytest.mark.parametrize("path", sorted(CASES.glob("*.har")), ids=lambda path: path.stem)
def test_a_recording_gets_the_verdict_that_it_deserves(path):
    verdict, failed, untested = VERDICTS[path.stem.removeprefix("har-")]
    result = again(path)
    assert (result["verdict"], failing(result)) == (verdict, failed)
    assert (result["reason"] or "").startswith(NO_BODIES if verdict == "inconclusive" else "")
    tested = {id_ for id_, one in verdicts(result).items() if one != "not_tested"}
    assert not tested & untested
    if verdict == "conforms" and not untested:
        assert tested >= {"response.json-text", "pausing.until-is-kept", "request.date-is-accepted"}


DATED = '{"paused_until": "2026-12-01T00:00:00.000Z"}'
UNTIL = {"status": "paused", "paused_until": "2026-12-01T00:00:00.000Z"}


def dated(**more):
    """A pause until December and its correct response."""
    return row("POST", PAUSE, "00.300", **({"sent": DATED, "body": campaign(**UNTIL)} | more))


@pytest.mark.parametrize(
    "changes",
    [
        {"postData": {"mimeType": "application/json"}, "bodySize": 44},
        {"postData": {"mimeType": "application/json", "text": "", "params": []}, "bodySize": 44},
        {"postData": {"mimeType": "application/json", "params": []}, "bodySize": -1},
        {"postData": {"mimeType": "application/json", "text": None}},
        {"postData": {}},
        {"postData": None},
        {"postData": None, "bodySize": 44},
        {"postData": None, "bodySize": -1, "length": "44"},
        {"postData": {"text": ""}, "bodySize": 0, "length": "44"},
        {"postData": {"text": DATED[:20]}, "length": "44"},
        {"postData": {"text": DATED.replace("paused", "\ufffd")}, "length": "44"},
        {"postData": {"text": "\x1f\ufffd\b"}, "coding": "gzip"},
    ],
)
def test_without_the_requests_body_what_depends_on_it_is_not_tested(tmp_path, changes):
    entry = dated()
    request = entry["request"]
    for name, key in (("length", "Content-Length"), ("coding", "Content-Encoding")):
        if value := changes.get(name):
            request["headers"].append({"name": key, "value": value})
    request |= {name: value for name, value in changes.items() if name not in ("length", "coding")}
    read = row("GET", READ, "00.900", body=campaign(**UNTIL))
    result = again(har(tmp_path / "x.har", entry, read))
    assert (result["verdict"], failing(result)) == ("conforms", [])
    assert "without the body of the request in the recording: 1" in result["notes"]
    found = verdicts(result)
    assert {found[id_] for id_ in ABOUT_THE_BODY} == {"not_tested"}
    assert found["response.json-text"] == found["pausing.touches-nothing-else"] == "passed"


def test_a_request_that_had_no_body_is_checked_as_one(tmp_path):
    for empty in ({"bodySize": 0}, {"postData": {"text": ""}, "bodySize": 0}):
        entry = row("POST", PAUSE, "00.300", body=campaign(**UNTIL))
        entry["request"] |= empty
        found = verdicts(again(har(tmp_path / "x.har", entry)))
        assert found["pausing.no-date-means-indefinitely"] == "failed"


def packed(how):
    text = campaign(**UNTIL).encode()
    body = {"gzip": gzip.compress, "deflate": zlib.compress}.get(how, lambda data: b"\x0b\xff" + data)(text)
    content = {"size": len(text), "text": base64.b64encode(body).decode(), "encoding": "base64"}
    return {"content": content, "coding": how}


MANGLED = gzip.compress(campaign(**UNTIL).encode(), mtime=0).decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("content", "coding", "is_read"),
    [
        (*packed("gzip").values(), True),
        (*packed("deflate").values(), True),
        (*packed("br").values(), False),
        ({"size": 1100, "text": MANGLED}, "gzip", False),
        ({"size": 1100, "text": campaign(**UNTIL)}, "gzip", True),
        ({"size": 1100, "text": ""}, "", False),
        ({"size": 1100}, "", False),
        ({"size": -1}, "", False),
        ({"text": ""}, "", False),
        (None, "", False),
        ({"size": 9_000, "text": campaign(**UNTIL)[:300]}, "", False),
        ({"size": 9_000, "text": campaign(**UNTIL)}, "", True),
        ({"size": -1, "text": campaign(**UNTIL)}, "br", True),
    ],
)
def test_without_the_responses_body_nothing_is_said_about_it(tmp_path, content, coding, *, is_read):
    entry = dated()
    entry["response"]["content"] = content
    if coding:
        entry["response"]["headers"].append({"name": "Content-Encoding", "value": coding})
    result = again(har(tmp_path / "x.har", entry))
    assert failing(result) == []
    assert result["verdict"] == ("conforms" if is_read else "inconclusive")
    assert verdicts(result)["response.json-text"] == ("passed" if is_read else "not_tested")
    if not is_read:
        assert result["reason"].startswith(NO_BODIES)


def test_a_wrong_body_that_was_recorded_fails(tmp_path):
    wrong = {"size": 1, "text": campaign(**PAUSED)}
    for content, clause in (
        ({"size": 0, "text": ""}, "response.json-text"),
        ({"size": 15, "text": '{"id": "adcamp_'}, "response.json-text"),
        ({"size": 3, "text": "é{"}, "response.json-text"),
        (wrong, "pausing.until-is-kept"),
    ):
        entry = dated()
        entry["response"]["content"] = content
        assert failing(again(har(tmp_path / "x.har", entry))) == [clause], content


def without(entry, *names):
    return {name: value for name, value in entry.items() if name not in names}


UNREADABLE = [
    (7, " is no object"),
    (None, " is no object"),
    ({"request": None}, ".request is not an object"),
    ({"request": {"method": "GET"}}, ".request.url is not there"),
    (without(dated(), "startedDateTime"), ".startedDateTime is not there"),
    (dated(startedDateTime="soon"), ".startedDateTime is no date with a time and a zone"),
    (dated(response={"status": "200"}), ".response.status is no whole number"),
    (dated(response={"status": 200, "headers": True}), ".response.headers is not an array"),
    (dated(request=dated()["request"] | {"headers": 7}), ".request.headers is not an array"),
    (
        dated(response={"status": 200, "content": {"text": "%", "encoding": "base64"}}),
        ".response.content.text is no base64",
    ),
]


def test_an_entry_that_cannot_be_read_is_skipped_and_counted(tmp_path):
    for odd, what in UNREADABLE:
        note = f"entries that cannot be read, skipped: 1 (log.entries[0]{what})"
        result = again(har(tmp_path / "x.har", odd, dated()))
        assert (result["verdict"], failing(result)) == ("conforms", [])
        assert note in result["notes"]
        alone = again(har(tmp_path / "y.har", odd))
        assert alone["reason"] == f"the recording shows no exchange with the endpoint; {note}"


def test_what_recorders_leave_out_of_an_entry_is_no_finding(tmp_path):
    """Its time, the value of a header, or the response if it was still pending."""
    times = product((None, "80", -1, True, {}, float("nan")), ({"wait": 80, "receive": None}, None))
    cases = [([dated(time=took, timings=timings)], []) for took, timings in times]
    without_values = dated()
    without_values["request"]["headers"].append({"name": "X-Odd", "value": None})
    without_values["response"]["headers"][0]["value"] = None
    cases.append(([without_values], []))
    for response in (None, {}, {"status": 0}, {"status": -1}, {"status": None, "_error": "net::ERR_ABORTED"}):
        pending = row("GET", READ, "01.000", response=response)
        cases.append(([dated(), pending], ["without a response in the recording: 1"]))
    for entries, notes in cases:
        result = again(har(tmp_path / "x.har", *entries))
        assert (result["verdict"], failing(result), result["notes"][1:]) == ("conforms", [], notes), entries


STARTED = "2026-09-21T10:00:00.000Z"


def undated(*rows):
    for entry in rows:
        entry["response"]["headers"] = entry["response"]["headers"][:1]
    return list(rows)


def test_without_date_headers_the_start_of_an_entry_is_the_clock_to_five_minutes(tmp_path):
    active = campaign(status="active", paused_until=None, updated_at=STARTED)
    for until, date_is_accepted, past_date in (
        ("10:04", "not_tested", "passed"),
        ("09:50", "not_tested", "passed"),
        ("10:10", "failed", "not_tested"),
    ):
        asked = f'{{"paused_until": "2026-09-21T{until}:00Z"}}'
        rows = undated(
            row("GET", READ, "00.100", body=active),
            row("POST", PAUSE, "01.000", sent=asked, status=422, body='{"error": {}}'),
            row("POST", PAUSE, "02.0", sent="{}", body=campaign(**PAUSED, updated_at=STARTED)),
        )
        result = again(har(tmp_path / "x.har", *rows))
        note = "no Date headers: startedDateTime is the clock, with an uncertainty of 5 minutes"
        assert note in result["notes"]
        found = verdicts(result)
        assert found["request.date-is-accepted"] == date_is_accepted
        assert found["refusals.past-date"] == past_date


@pytest.mark.parametrize("date", [True, False])
@pytest.mark.parametrize("updated_at", ["2026-11-21T10:00:00.000Z", "2026-08-21T10:00:00.000Z"])
def test_if_shown_dates_contradict_the_clock_nothing_about_time_is_tested(tmp_path, updated_at, *, date):
    first = row("GET", READ, "00.100", body=campaign(status="active", paused_until=None, updated_at=STARTED))
    pause = dated(
        sent='{"paused_until": "2026-10-21T10:00:00Z"}', status=200,
        body=campaign(status="paused", paused_until="2026-10-21T10:00:00.000Z", updated_at=updated_at),
    )  # fmt: skip
    late = row(
        "GET", READ, "09.000", body=campaign(status="active", paused_until=None, updated_at=updated_at)
    )
    late["startedDateTime"] = "2026-09-21T11:00:00Z"
    late["response"]["headers"][1]["value"] = "Mon, 21 Sep 2026 11:00:00 GMT"
    rows = [first, pause, late]
    result = again(har(tmp_path / "x.har", *(rows if date else undated(*rows))))
    assert failing(result) == []
    assert "time could not be checked: updated_at contradicts the time of the recording" in result["notes"]
    assert verdicts(result)["auto_resume.not-before-its-instant"] == "not_tested"


def test_a_file_that_is_no_har_is_named_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = {
        b"PK\x03\x04\x14\0": "it is a ZIP archive; expected the .har file inside it",
        gzip.compress(b"{}", mtime=0): "it is compressed with gzip; expected the .har file inside it",
        b"\x0a\x0d\x0d\x0a\x1c": "it is a packet capture (pcapng)",
        b"": "it is no JSON text (line 1, column 1)",
        b"\xff\xfe": "it is not UTF-8",
        b"[]": "the document is no object",
        b'{"log": {}}': "log.entries is not there",
        b"[" * 200_000: "it is no JSON text",
    }
    for content, what in files.items():
        (tmp_path / "x.har").write_bytes(content)
        message = f"whop-contracts: FILE 'x.har': expected a HAR 1.2 file; {what}\n"
        assert said(capsys, "check-har", "x.har") == (2, "", message)


def test_the_same_target_may_be_written_in_several_ways(tmp_path):
    for other in ("https://api.example.com:443", "https://API.example.com"):
        entry = row("GET", READ.replace("https://api.example.com", other), "00.900", body=campaign(**UNTIL))
        for base_url in (None, f"{other}/api/v1/", BASE):
            result = again(har(tmp_path / "x.har", dated(), entry), base_url=base_url)
            assert verdicts(result)["pausing.read-agrees"] == "passed"
            assert result["target"]["base_url"] == BASE
