"""A recording is read in pieces, in memory and time that do not depend on how long it is."""

import io
import json
import random
import tracemalloc

import pytest

from integrations.recordings import PAUSE, PAUSED, READ, campaign, har, row
from whop_contracts.integrations import har as recorded
from whop_contracts.integrations.har import log
from whop_contracts.integrations.har.entries import HarError, read_entry

ENTRIES = [
    row("POST", PAUSE, "00.300", body='é\ud800"]}' * 9),
    7,
    row("GET", READ, "00.9", time=float("nan")),
]
TEXTS = [
    json.dumps({"log": {"entries": ENTRIES}}),
    json.dumps(
        {"x": [{}], "log": {"pages": [1e5, -2, "]"], "entries": ENTRIES, "v": {}}, "y": 1.5e3}, indent=1
    ),
    "\ufeff" + json.dumps({"log": {"entries": [1], "_run": 2}}).replace("[1]", json.dumps(ENTRIES[2:])),
    '{"log": {"entries": [{"request": {"url": "ü"}}]}}',
    '{"log": {"entries": 0}} ',
    '{"log": []}',
    "[]",
    "-1e+2",
    "",
    " \n ",
    "{",
    '{"log": {"entries": [',
    '{"log": {"entries": [{}, \n 1.5e]}}',
    '{"log": {"entries": [{}\n {}]}}',
    '{"log": {"entries": []}}\n x',
    '{"log"\n : {"entries" []}}',
    '{"log": {1: 2}}',
    '{"log": {"entries": ["\n',
]


def read(text, piece, monkeypatch):
    """What is read of a text in pieces of so many bytes, or the error."""
    monkeypatch.setattr(log, "_PIECE", piece)
    content = text.encode("utf-8", "surrogatepass")
    try:
        found = log.read_log(lambda: io.BytesIO(content))
    except HarError as error:
        return str(error)
    return found.count, found.unreadable, found.rows, list(found.entries(found.rows))


def at_once(text):
    """The entries of a text, None if it is JSON without them, or the place of its error."""
    try:
        return json.loads(text.removeprefix("\ufeff"))["log"]["entries"] or None
    except json.JSONDecodeError as error:
        return f"it is no JSON text (line {error.lineno}, column {error.colno})"
    except (KeyError, TypeError):
        return None


@pytest.mark.parametrize("text", TEXTS)
def test_the_size_of_the_pieces_does_not_matter(monkeypatch, text):
    """What is read and what is an error is as with ``json``, at the same place."""
    whole, expected = read(text, 2**18, monkeypatch), at_once(text)
    for piece in (1, 2, 3, 7, 64):
        assert repr(read(text, piece, monkeypatch)) == repr(whole), piece
    if expected is None:
        assert isinstance(whole, str)
        assert "JSON" not in whole
    elif isinstance(expected, str):
        assert whole == expected
    else:
        assert whole[0] == len(expected)
        assert repr(whole[3]) == repr([read_entry(expected[one.number - 1], one.number) for one in whole[2]])


def test_an_entry_that_changes_while_it_is_read_is_an_error_in_one_line(tmp_path):
    path = har(tmp_path / "x.har", *ENTRIES)
    recording = recorded.load(path)
    path.write_bytes(path.read_bytes().replace(b"{", b"["))
    with pytest.raises(HarError, match="the recording changed while it was read"):
        list(recording.items)


def test_which_writes_overlap_is_what_a_comparison_of_all_with_all_finds():
    rng = random.Random(1)
    blank = {"start": 0, "size": 0, "cached": False, "dated": True, "base": "", "lacks": ()}
    for _ in range(300):
        rows = []
        for number in range(rng.randrange(12)):
            sent = rng.randrange(12)
            times = {"sent": sent, "received": sent + rng.choice([0, 0, 1, 2, 5])}
            operation = rng.choice(["pause", "retrieve", None])
            rows.append(log.Row(number, campaign=rng.choice("ab"), operation=operation, **times, **blank))
        expected = {
            one.number
            for one in rows
            for other in rows
            if other is not one and other.campaign == one.campaign and other.operation != "retrieve"
            if one.sent < other.received and other.sent < one.received
        }
        assert log.overlapping(rows) == expected


def test_the_memory_for_a_recording_hardly_grows_with_its_length(tmp_path, monkeypatch):
    """At 60 MB for 100,000 entries, 1,000 more (2 MB of text) may take 0.6 MB, and caches 0.2 MB."""
    monkeypatch.setattr(log, "_PIECE", 4_096)
    peaks, body = [], campaign(**PAUSED)
    for count in (100, 1_100):
        rows = (row("GET", READ, f"00.{n:06}", body=body) for n in range(count))
        path = har(tmp_path / "x.har", *rows)
        tracemalloc.start()
        assert sum(1 for _ in recorded.load(path).items) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 800_000, peaks
