"""Our recordings give the verdicts of the run again; foreign ones raise no false alarm."""

import base64
import json
from dataclasses import replace
from unittest.mock import Mock

import pytest

from integrations.recordings import ID, PAUSE, PAUSED, READ, again, campaign, har, row
from report.making import FAULT, failing, judged, said, verdicts
from whop_contracts import schemas
from whop_contracts.exchange import Exchange, Request, Response
from whop_contracts.integrations import har as recorded
from whop_contracts.redaction import Redactor
from whop_contracts.report.streams import HarWriter
from whop_contracts.settings import Settings, UsageError

SAMPLE = ("never-resumes", "empty-body", "resumes-siblings")


@pytest.mark.parametrize("fault", [None, FAULT, *SAMPLE])
def test_our_own_recording_gives_the_verdicts_of_the_run(tmp_path, fault):
    path = tmp_path / "run.har"
    result = judged(Settings(har=path, profile="quick"), fault=fault)
    replayed = again(path)
    assert verdicts(replayed) == verdicts(result)
    assert replayed["verdict"] == result["verdict"]
    assert replayed["requests"] == 0
    assert replayed["target"]["kind"] == "recorded"
    assert not schemas.violations("result", "", replayed)


def test_a_recording_of_ours_that_was_changed_is_one_line(tmp_path):
    path = tmp_path / "run.har"
    judged(Settings(har=path, profile="quick"))
    whole = path.read_text("utf-8")
    changes = ({"_role": "root"}, {"_campaign": None}, {"_sent": "1"}, {"_now": ["x"]}, {"_operation": {}})
    plans = ({"plan": plan} for plan in (3, {"sha256": None}, {"seed": float("inf")}))
    for wrong in ({"resume_tolerance": "1m"}, *plans, *changes):
        log = json.loads(whole)
        (log["log"]["entries"][5] if wrong in changes else log["log"]["_run"]).update(wrong)
        path.write_text(json.dumps(log), "utf-8")
        with pytest.raises(UsageError, match=r"^[^\n]* is not as whop-contracts wrote it[^\n]*$"):
            again(path)


def test_a_recording_is_redacted_and_says_when_its_run_did_not_end(tmp_path):
    path = tmp_path / "x.har"
    writer = HarWriter(path, Redactor(["secret-token-0123"]), {"resume_tolerance": 60.0})
    leak = base64.b64encode(b"\xff Bearer secret-token-0123")
    for number, content in enumerate((b"\xff secret-token-0123", leak), start=1):
        writer.add(exchange(number, content))
        document = json.loads(path.read_text("utf-8"))
        assert len(document["log"]["entries"]) == number
        assert "did not end" in document["log"]["comment"]
        assert document["log"]["_run"]["finished"] is False
    assert "the recorded run did not end: its recording breaks off" in again(path)["notes"]
    writer.close()
    assert writer.trouble is None
    text = path.read_text("utf-8")
    assert "comment" not in json.loads(text)["log"]
    assert "secret-token" not in text
    entries = list(recorded.load(path).items)
    assert entries[0].response.content == b"\xff $WHOP_API_TOKEN"
    assert b"c2VjcmV0" not in entries[1].response.content
    assert [entry.response.header("set-cookie") for entry in entries] == ["(not shown)"] * 2
    assert entries[0].request.header("authorization") == "Bearer $WHOP_API_TOKEN"
    assert entries[0].credential == "altered:cut"


def test_of_a_body_that_was_not_read_to_its_end_the_beginning_is_recorded(tmp_path):
    path = tmp_path / "x.har"
    writer = HarWriter(path, Redactor(), {})
    for truncated in (True, False):
        response = Response(200, (), b"x" * 100_000, truncated=truncated)
        writer.add(replace(exchange(1, b""), response=response))
    writer.close()
    short, whole = (item.response for item in recorded.load(path).items)
    assert (short.truncated, whole.truncated, len(whole.content)) == (True, False, 100_000)
    assert path.stat().st_size < 110_000


def test_a_disk_that_is_full_does_not_disturb_the_run(tmp_path):
    with pytest.raises(UsageError, match=r"--har .*could not be written"):
        HarWriter(tmp_path / "no" / "x.har", Redactor(), {})
    writer = HarWriter(tmp_path / "x.har", Redactor(), {})
    writer._file.close()
    writer._file = Mock(closed=False)
    writer._file.write.side_effect = OSError(28, "No space left on device")
    writer.add(exchange(1, b""))
    writer.add(exchange(2, b""))
    writer.close()
    assert writer.trouble == "--har: the recording could not be written to its end (no space left on device)"


def exchange(number, content):
    request = Request("GET", READ, "retrieve", ID, (("authorization", "Bearer secret-token-0123"),))
    response = Response(200, (("Set-Cookie", "s=1"),), content)
    return Exchange(number, request, response, 1.0, 2.0, credential="altered:cut")


def test_a_browsers_recording_is_judged_without_false_alarms(tmp_path):
    path = har(
        tmp_path / "browser.har",
        row("GET", "https://cdn.example.com/app.js", "00.000"),
        row("GET", "https://other.example.com/ad_campaigns/adcamp_x", "00.050"),
        row("OPTIONS", PAUSE, "00.080", status=204),
        row("GET", READ, "00.100", body=campaign(status="active", paused_until=None)),
        row("POST", PAUSE, "00.300", sent="{}", body=campaign(**PAUSED)),
        row("GET", READ, "00.310", body=campaign(status="active", paused_until=None)),
        row("GET", READ, "00.500", status=304, body=""),
        row("GET", READ, "00.600", body=campaign(**PAUSED)),
        row("PATCH", READ, "00.700", body="{}"),
        row("GET", READ, "00.900", body=campaign(status="active", paused_until=None)),
        row("POST", PAUSE, "01.000", status=401, sent="{}", body='{"error": {"type": "x", "message": "y"}}'),
        row("GET", READ, "01.200", body=None),
    )
    result = again(path)
    assert (result["verdict"], failing(result)) == ("conforms", [])
    assert verdicts(result)["pausing.read-agrees"] == "passed"
    assert verdicts(result)["auto_resume.nothing-else-changes-by-itself"] == "not_tested"
    assert "of other hosts and routes, skipped: 3" in result["notes"]
    assert "abcdefgh12345678" not in json.dumps(result)
    assert not schemas.violations("result", "", result)
    rows = [row("POST", PAUSE, f"00.30{n}", sent="{}", body=campaign(**PAUSED)) for n in range(3)]
    assert "beside writes to the same campaign, skipped: 3" in again(har(path, *rows))["notes"]


def test_a_recording_of_nothing_is_inconclusive(tmp_path, capsys, monkeypatch):
    """Of other requests to the endpoint nothing is checked."""
    monkeypatch.chdir(tmp_path)
    for rows in ((), (row("OPTIONS", PAUSE, "00.100"), row("PATCH", READ, "00.200"))):
        har(tmp_path / "x.har", *rows)
        message = "inconclusive: the recording shows no exchange with the endpoint\n"
        assert said(capsys, "check-har", "x.har", "--quiet") == (3, message, "")
