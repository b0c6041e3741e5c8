"""The contract under load: a master with two workers, load runs in one process, shared campaigns."""

import copy
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from safety.serving import served
from whop_contracts.exchange import Exchange, Request, Response, Window
from whop_contracts.integrations.locust import OwnCampaign, SharedCampaign
from whop_contracts.pause.catalogue import clauses
from whop_contracts.provider import SEED, Provider, RunningClock, build

CAMPAIGN = SEED.campaigns[0]
NAMED = (*SEED.campaigns, SEED.paused, SEED.paused_indefinitely)
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("WHOP_", "LOCUST_", "PYTEST_", "COV_"))}
CLEAN |= {"WHOP_API_TOKEN": SEED.token, "WHOP_CONTRACTS_TIMEOUT": "60s"}


def campaigns(*names):
    return [f"--campaign-id={name}" for name in names]


class ForgetsOne(Provider):
    """Responds to each pause of one campaign as if it was stored."""

    def apply_pause(self, campaign, until):
        before = copy.copy(campaign)
        super().apply_pause(campaign, until)
        if campaign.id == CAMPAIGN:
            self.forgotten = before

    def success(self, operation, body):
        response = super().success(operation, body)
        if before := self.__dict__.pop("forgotten", None):
            self.state.campaigns[before.id] = before
        return response


def test_a_master_and_two_workers_share_campaigns_and_find_the_one_that_is_broken(tmp_path):
    """Of each worker's four users two or one have a campaign of their own, and the others share one."""
    (tmp_path / "locustfile.py").write_text("from whop_contracts.load import CampaignUser\n")
    # Below the ports that whoever asks for any gets, and another one for each process of pytest.
    port = str(20_000 + os.getpid() % 10_000)
    users, iterations = 8, 4

    def locust(*flags):
        program = [sys.executable, "-m", "locust", "-f", "locustfile.py", "--headless", "--only-summary"]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen([*program, *flags], cwd=tmp_path, env=CLEAN, text=True, **pipes)

    with served(ForgetsOne(RunningClock())) as server:
        flags = ("-H", server.base_url, "-u", str(users), "-r", "100", "--seed", "1", *campaigns(*NAMED))
        flags += ("--iterations", str(iterations), "--settle-every", "2", "--think-time", "0")
        network = ("--master-bind-host", "127.0.0.1", "--master-bind-port", port)
        master = locust(*flags, "--master", "--expect-workers", "2", *network)
        joined = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
        running = [master, *(locust(*joined) for _ in range(2))]
        try:
            out, *logs = [process.communicate(timeout=120)[0] for process in running]
        finally:
            for process in running:
                process.kill()
        server.settle()
    log = "".join(logs)
    assert master.returncode == 1, out + log
    assert set(re.findall(r"^CLAUSE +(\S+)", out, re.MULTILINE)) == {"pausing.read-agrees"}
    shown = "A read after a pause shows the same `status` and `paused_until`."
    assert f"CLAUSE pausing.read-agrees: {shown}" in out
    logged = re.findall(r"whop_contracts\.load: (\S+): .*/ad_campaigns/(\w+)", log)
    assert logged == [("pausing.read-agrees", CAMPAIGN)]
    assert server.states() == server.first
    assert {seen.campaign for seen, _ in server.answers} == set(NAMED)
    assert len(server.answers) >= users * (iterations + 3)
    assert {status for _, status in server.answers} == {200}
    assert len({seen.content for seen, _ in server.answers if seen.pauses}) > 3
    assert SEED.token not in out + log


@pytest.fixture(scope="module")
def load_runs():
    """What came of each load run, by name, and whether those of conforming providers restored."""
    with (
        served() as good,
        served(ForgetsOne(RunningClock())) as bad,
        served() as once,
        served() as late,
        served() as never,
        socket.socket() as deaf,
    ):
        deaf.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        full = ["-H", good.base_url, *campaigns(*NAMED), "--iterations", "4", "--settle-every", "2"]
        lost = ["-H", bad.base_url, *campaigns(CAMPAIGN), "--iterations", "4"]
        once.before = lambda seen: Response(503) if seen.number == 7 else None  # the one that restores
        late.before = lambda seen: Response(503) if seen.number == 1 else None
        never.before = lambda seen: Response(503) if seen.path.endswith("/unpause") else None
        one = ["--iterations", "1", *campaigns(CAMPAIGN)]
        inactive = ["-H", good.base_url, "--iterations", "1", *campaigns(SEED.inactive)]
        token = {"token": SEED.token}
        scenarios = {
            "conforming": {"flags": full, "users": 8, **token},
            "lost": {"flags": lost, **token},
            "restored": {"flags": ["-H", once.base_url, *lost[2:]], **token},
            "late": {"flags": ["-H", late.base_url, *lost[2:]], "users": 2, **token},
            "nobody": {"flags": ["-H", nobody, *one], **token},
            "inactive": {"flags": inactive, **token},
            "no-campaign": {"flags": ["-H", nobody], **token},
            "twice": {"flags": ["-H", nobody, *campaigns("adcamp_a", "adcamp_a")], **token},
            "production": {"flags": ["-H", "https://api.whop.com/api/v1", *one], **token},
            "no-token": {"flags": ["-H", nobody, *one]},
            "left": {
                "flags": ["-H", never.base_url, *lost[2:]],
                **token,
                "WHOP_CONTRACTS_RESTORE_TIME": "1s",
            },
        }
        program = [sys.executable, str(Path(__file__).with_name("load_scenarios.py")), json.dumps(scenarios)]
        done = subprocess.run(program, env=CLEAN, capture_output=True, text=True, check=True, timeout=300)
        good.settle()
        again = [status for _, status in once.answers[6:]] == [503, 200, 200, 200]
    assert SEED.token not in done.stdout
    return json.loads(done.stdout), again and all(one.states() == one.first for one in (good, once, late))


def test_a_conforming_provider_is_not_accused_under_load_and_its_campaigns_are_restored(load_runs):
    found, restored = load_runs
    assert found["conforming"]["code"] is None, found["conforming"]
    assert [row for row in found["conforming"]["rows"] if row.startswith(("CLAUSE", "SHOULD"))] == []
    assert sum(found["conforming"]["rows"].values()) >= 8 * 7
    assert restored
    assert found["restored"]["code"] is found["late"]["code"] is None, found


def test_a_pause_that_was_not_stored_is_found(load_runs):
    found = load_runs[0]["lost"]
    assert found["code"] == 1, found
    assert found["rows"]["CLAUSE pausing.read-agrees"] >= 1
    assert any(line.startswith("pausing.read-agrees: A read after a pause") for line in found["log"])


def test_what_cannot_be_checked_is_said_in_one_line(load_runs):
    expected = {
        "nobody": (3, "inconclusive: no pause was accepted"),
        "inactive": (3, f"{SEED.inactive}: expected a campaign that is active or paused"),
        "no-campaign": (2, "--campaign-id: not given; expected at least one"),
        "twice": (2, "--campaign-id: expected each campaign once"),
        "production": (2, "api.whop.com is production"),
        "no-token": (2, "WHOP_API_TOKEN: not set"),
        "left": (4, f"NOT PUT BACK  {CAMPAIGN}: was active"),
    }
    for name, (code, said) in expected.items():
        found = load_runs[0][name]
        assert found["code"] == code, found
        assert any(line.startswith(said) for line in found["log"])
        assert "Traceback" not in "".join(found["log"])
        assert code != 2 or found["rows"] == {}


def test_this_process_is_not_patched():
    assert {"locust", "gevent"}.isdisjoint(sys.modules)


NOW = 1_790_000_000
A, B = "2027-01-01T00:00:00.000Z", "2027-02-01T00:00:00.000Z"
JSON = (("content-type", "application/json"),)
ERROR = b'{"error": {"type": "a", "message": "b"}}'
PAUSING = [clause for clause in clauses() if clause.part == "pausing"]
HELD = build(clock=RunningClock())


def response(shown):
    """A response that shows ``active``, ``forever`` or a date; one with a status; None without a response."""
    if shown is None or isinstance(shown, int):
        return None if shown is None else Response(shown, JSON, ERROR)
    document = HELD.render_campaign(HELD.state.campaigns[CAMPAIGN])
    status = "active" if shown == "active" else "paused"
    until = None if shown in {"active", "forever"} else shown
    return Response(200, JSON, json.dumps({**document, "status": status, "paused_until": until}).encode())


def broken(steps, follower):
    """The clauses that exchanges fail. A step: operation, date, what is shown, when sent, when received."""
    found, events = [], []
    for number, (operation, until, shown, sent, received) in enumerate(steps, 1):
        content = b"" if until is None else json.dumps({"paused_until": until}).encode()
        method = "GET" if operation == "retrieve" else "POST"
        request = Request(method, "http://x", operation, CAMPAIGN, JSON, content)
        now = Window(int((NOW + sent) * 1e9), int((NOW + received + 2) * 1e9))
        exchange = Exchange(number, request, response(shown), sent, received, now, role="full", scope="named")
        events += [(sent, 1, exchange), (received, 0, exchange)]
    for at, starts, exchange in sorted(events, key=lambda event: (*event[:2], event[2].number)):
        if starts:
            follower.begin(exchange.request, at)
        else:
            seen = follower.follow(exchange)
            found += [one.id for one in PAUSING if one.applies(seen) and any(one.check(seen))]
    return found


FIRST = ("retrieve", None, "active", 0, 1)
PAUSED = ("pause", A, A, 2, 3)
READS = [("retrieve", None, "active", at, at + 1) for at in (9, 19)]
READ_A, READ_B = ("retrieve", None, A, 9, 10), ("retrieve", None, B, 9, 10)
OVERLAPPING = [("pause", A, A, 2, 4), ("pause", B, B, 3, 5)]

ALLOWED = {
    "the-one": [*OVERLAPPING, READ_A],
    "the-other": [*OVERLAPPING, READ_B],
    "responses-crossed": [("pause", A, B, 2, 5), ("pause", B, A, 3, 4)],
    "lagging": [PAUSED, ("pause", B, B, 4, 5), ("retrieve", None, A, 6, 6.5)],
    "unknown": [("pause", A, None, 2, 3), READ_A, READS[1]],
    "infrastructure": [("pause", A, 503, 2, 3), READS[0], ("retrieve", None, A, 19, 20)],
    "rejected": [("pause", A, 422, 2, 3), READS[0]],
    "under-way": [("pause", A, A, 2, 20), READS[0], ("retrieve", None, A, 11, 12)],
    "unpaused": [PAUSED, ("unpause", None, "active", 4, 5), READS[0]],
}
"""Histories that some order of the requests explains."""
WRONG = {
    "lost": ([PAUSED, READS[0]], "read-agrees"),
    "came-back": ([PAUSED, ("pause", B, B, 4, 5), READ_A], "read-agrees"),
    "torn": ([*OVERLAPPING, ("retrieve", None, "forever", 9, 10)], "read-agrees"),
    "acted": ([("pause", A, 422, 2, 3), READ_A], "read-agrees"),
    "no-date": ([("pause", A, "forever", 2, 3)], "until-is-kept"),
    "not-paused": ([("pause", A, "active", 2, 3)], "status-is-paused"),
    "not-unpaused": ([PAUSED, ("unpause", None, A, 4, 5)], "unpause-resumes"),
    "reported-once": ([PAUSED, *READS], "read-agrees"),
}
"""Histories that no order explains, and the clause that fails."""


def test_what_some_order_explains_fails_nothing_and_what_none_explains_is_found_once():
    for name, steps in ALLOWED.items():
        assert broken([FIRST, *steps], SharedCampaign()) == [], name
    for name, (steps, clause) in WRONG.items():
        assert broken([FIRST, *steps], SharedCampaign()) == [f"pausing.{clause}"], name


def test_how_long_a_read_may_lag_goes_by_the_sender_s_clock():
    for at, clause in ((4.9, "pausing.read-agrees-at-once"), (5.1, "pausing.read-agrees")):
        steps = (FIRST, PAUSED, ("retrieve", None, "active", at, at + 1))
        assert broken(steps, OwnCampaign(tolerance=60)) == [clause]
