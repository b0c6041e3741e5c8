"""The journal: what a killed run leaves behind for ``restore``."""

import json
import os
import stat

import pytest

from engine.journals import state_of
from whop_contracts.engine.journal import CampaignRecord, Journal, JournalError, JournalRecord
from whop_contracts.engine.teardown import could_be
from whop_contracts.instants import read_instant
from whop_contracts.pause.evidence import State, read_state

URL = "http://127.0.0.1:9/api/v1"
ACTIVE = state_of("active", None)
DATE = "2026-09-21T14:13:20.000Z"
UNDATED = {"status": "paused", "paused_until": 1}
DATED, PAUSED = state_of("paused", DATE), state_of("paused", None)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.journal.jsonl"


def begun(path):
    journal = Journal.create(path, URL, "r1", read_state)
    journal.first("adcamp_1", ACTIVE)
    return journal


def test_what_is_written_is_read(path):
    journal = begun(path)
    journal.first("adcamp_2", DATED)
    journal.intend("adcamp_1", DATED)
    journal.intend("adcamp_1", PAUSED)
    journal.intend("adcamp_2", ACTIVE)
    journal.put_back("adcamp_2")
    journal.close()
    one, two = (
        CampaignRecord(ACTIVE, [DATED, PAUSED], put_back=False),
        CampaignRecord(DATED, [], put_back=True),
    )
    record = Journal.read(path, read_state)
    assert record == JournalRecord(base_url=URL, run_id="r1", campaigns={"adcamp_1": one, "adcamp_2": two})
    assert not record.complete
    assert read_instant(json.loads(path.read_text().partition("\n")[0])["began"]), "for who reads the file"


def test_each_line_is_on_the_disk_before_the_call_returns(path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.read_bytes().count(b"\n")))
    journal = begun(path)
    before = len(synced)
    journal.intend("adcamp_1", PAUSED)
    assert synced[before:] == [3]
    journal.intend("adcamp_1", PAUSED)
    assert len(synced) == before + 1
    journal.put_back("adcamp_1")
    journal.intend("adcamp_1", PAUSED)
    assert synced[before:] == [3, 4, 5]
    journal.close()
    assert not Journal.read(path, read_state).complete


def test_it_is_for_its_owner_alone(path):
    before = os.umask(0)
    begun(path).close()
    os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_complete_journal_is_replaced_and_an_incomplete_one_is_not(path):
    begun(path).close()
    journal = begun(path)
    journal.intend("adcamp_1", PAUSED)
    journal.close()
    with pytest.raises(JournalError, match="were not put back; restore them first: whop-contracts restore"):
        Journal.create(path, URL, "r2", read_state)
    assert Journal.read(path, read_state).run_id == "r1"


def test_where_no_journal_can_be_written_the_error_is_one_line_and_nothing_is_replaced(tmp_path):
    (tmp_path / "file").write_text("precious\n")
    os.mkfifo(tmp_path / "pipe")
    cannot = "cannot be written"
    for where, said in {"absent/j": cannot, ".": cannot, "file": "line 1: ", "pipe": "it is no file"}.items():
        with pytest.raises(JournalError, match=said) as error:
            Journal.create(tmp_path / where, URL, "r2", read_state)
        assert "\n" not in str(error.value)
    assert (tmp_path / "file").read_text() == "precious\n"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    with pytest.raises(JournalError, match="a base URL with a credential in it"):
        Journal.create(tmp_path / "new", "http://me:secret@127.0.0.1/", "r1", read_state)
    assert not (tmp_path / "new").exists()


def test_at_whatever_byte_a_run_is_cut_off_its_journal_is_read(path):
    journal = begun(path)
    journal.intend("adcamp_1", DATED)
    journal.put_back("adcamp_1")
    journal.intend("adcamp_1", PAUSED)
    journal.close()
    whole = path.read_bytes()
    header = whole.index(b"\n") + 1
    for end in range(header, len(whole) + 1):
        path.write_bytes(whole[:end])
        complete = whole[:end].count(b"\n") in {1, 2, 4}
        assert Journal.read(path, read_state).complete is complete
    for end in range(header):
        path.write_bytes(whole[:end])
        with pytest.raises(JournalError, match="is no journal"):
            Journal.read(path, read_state)


@pytest.mark.parametrize("room", [[], [0], [1, 0], [20, 0]])
def test_what_a_full_disk_takes_of_a_line_is_cut_off_again(path, monkeypatch, room):
    """The disk has room again later in teardown, and ``restore`` reads the journal."""
    journal, real, rooms = begun(path), os.write, iter(room)

    def write(descriptor, text):
        if not (most := next(rooms, 200)):
            raise OSError(28, "No space left on device")
        return real(descriptor, text[:most])

    monkeypatch.setattr(os, "write", write)
    journal.lenient = True
    journal.intend("adcamp_1", PAUSED)
    journal.intend("adcamp_1", DATED)
    journal.close()
    assert Journal.read(path, read_state).campaigns["adcamp_1"].left == ([DATED] if room else [PAUSED, DATED])
    assert (journal.trouble is not None) is bool(room)


def test_a_journal_is_gone_on_with_after_its_unfinished_line_is_cut_off(path):
    journal = begun(path)
    journal.intend("adcamp_1", PAUSED)
    journal.close()
    with path.open("ab") as file:
        file.write(b'{"campaign": "adc')
    again = Journal.reopen(path)
    again.put_back("adcamp_1")
    again.close()
    assert Journal.read(path, read_state).complete


def test_the_states_that_our_requests_explain():
    """Dates are compared as instants, to the millisecond."""
    text = "2031-05-06T09:08:09.123+02:00"
    dated, paused, ns = state_of("paused", text), PAUSED, read_instant(text).ns
    both = CampaignRecord(paused, [dated])
    for record, state, fits in (
        *((both, state, True) for state in (paused, dated, ACTIVE)),
        *((both, State("paused", ns + off), off < 2_000_000) for off in (900_000, -1_000_000, 2_000_000)),
        (both, DATED, False),
        (both, state_of("stale", None), False),
        (CampaignRecord(paused), ACTIVE, False),
        (CampaignRecord(ACTIVE, [dated]), paused, False),
    ):
        assert could_be(record, state, ACTIVE) is fits


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "is empty"),
        (["{}"], "version 1"),
        (['{"journal": 2}'], "version 1"),
        (["[]"], "line 1: is no JSON object"),
        (["\x00"], "line 1: it is no JSON text"),
        ([{"journal": 1}], "line 1: has no base_url"),
        ([None, "{}"], "line 2: has no campaign"),
        ([None, {"campaign": "adcamp_1/../x"}], "line 2: 'adcamp_1/../x' is no id of a campaign"),
        ([None, {"campaign": "adcamp_\u202e\n"}], r"line 2: 'adcamp_.u202e.n' is no id of a campaign"),
        ([None, {"campaign": "adcamp_1"}], "line 2: says nothing"),
        ([None, {"campaign": "adcamp_1", "first": "active"}], "line 2: holds no state"),
        ([None, {"campaign": "adcamp_1", "first": {"status": 1}}], "line 2: holds no state"),
        ([None, {"campaign": "adcamp_1", "intend": UNDATED}], "line 2: holds no state"),
    ],
)
def test_what_is_no_journal_is_said_in_one_line(path, lines, said):
    header = {"journal": 1, "base_url": URL, "run_id": "r", "began": DATE}
    written = (line if isinstance(line, str) else json.dumps(line or header) for line in lines)
    path.write_text("".join(line + "\n" for line in written))
    with pytest.raises(JournalError, match=said) as error:
        Journal.read(path, read_state)
    assert "\n" not in str(error.value)
