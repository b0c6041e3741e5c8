"""The contract under load, by Locust itself: a master and two workers on loopback; and what no order of requests explains."""

from __future__ import annotations

import copy
import json
import os
import socket
import subprocess
import sys
import threading

import pytest

from safety.serving import served
from whop_contracts.exchange import Exchange, Request, Response, Window
from whop_contracts.pause.catalogue import clauses
from whop_contracts.pause.oracle.concurrency import OwnCampaign, SharedCampaign, failures
from whop_contracts.provider import SEED, Provider, RunningClock, build

CAMPAIGN = SEED.campaigns[0]
NAMED = (*SEED.campaigns, SEED.paused, SEED.paused_indefinitely)
USERS, ITERATIONS = 8, 4
"""On each of two workers two users have a campaign of their own, and two share one."""


class LostUpdates(Provider):
    """A store that is read whole, changed and written whole: of writes under way at once, one undoes what the others did elsewhere."""

    def prepare(self) -> None:
        self.meeting = threading.Condition()
        self.alone = True
        self.met = 0

    def handle(self, method, path, headers=(), content=b""):
        if method != "POST":
            return super().handle(method, path, headers, content)
        with self.meeting:
            if not self.alone:
                answer = super().handle(method, path, headers, content)
                self.met += 1
                self.meeting.notify_all()
                return answer
            self.alone, before = False, self.met
            read = copy.deepcopy(self.state.campaigns)
            self.meeting.wait_for(lambda: self.met >= before + 3, timeout=0.3)
            self.alone, others = True, self.met > before
            answer = super().handle(method, path, headers, content)
            if others:
                mine = path.split("/")[4]
                self.state.campaigns = {**read, mine: self.state.campaigns[mine]}
            return answer


def states(provider):
    return {name: (one.status, one.paused_until) for name, one in provider.state.campaigns.items()}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture
def locust(tmp_path):
    """Starts Locust with the file of one line that the documentation shows; whatever still runs at the end is killed."""
    (tmp_path / "locustfile.py").write_text("from whop_contracts.integrations.locust import CampaignUser\n")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WHOP_", "LOCUST_", "PYTEST_", "COV_"))}
    running = []

    def start(*flags, **variables):
        program = [
            sys.executable,
            "-m",
            "locust",
            "-f",
            "locustfile.py",
            "--headless",
            "--only-summary",
            *flags,
        ]
        process = subprocess.Popen(
            program, cwd=tmp_path, env=kept | {"WHOP_API_TOKEN": SEED.token} | variables,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def run_of(base_url, *flags, users=USERS):
    campaigns = [f"--campaign-id={one}" for one in NAMED]
    return (
        *("-H", base_url, "-u", str(users), "-r", "100", *campaigns, "--seed", "1"),
        *("--iterations", str(ITERATIONS), "--settle-every", "2", "--think-time", "0", *flags),
    )


def on_two_workers(locust, base_url):
    """The exit code and the output of the master, and the output of the workers."""
    port = str(free_port())
    master = (
        "--master",
        "--expect-workers",
        "2",
        "--master-bind-host",
        "127.0.0.1",
        "--master-bind-port",
        port,
    )
    first = locust(*run_of(base_url, *master))
    workers = [locust("--worker", "--master-host", "127.0.0.1", "--master-port", port) for _ in range(2)]
    out, _ = first.communicate(timeout=60)
    return first.returncode, out, "".join(worker.communicate(timeout=60)[0] for worker in workers)


def test_an_honest_provider_is_not_accused_under_load_and_is_left_as_it_was(locust):
    provider = build(clock=RunningClock())
    before = states(provider)
    with served(provider) as server:
        code, out, workers = on_two_workers(locust, server.base_url)
        server.settle()
    assert code == 0, out + workers
    assert "CLAUSE" not in out
    assert states(provider) == before
    asked = [seen for seen, _ in server.answers]
    assert {seen.campaign for seen in asked} == set(NAMED)
    assert len(asked) >= USERS * (ITERATIONS + 3)
    assert {status for _, status in server.answers} == {200}
    assert len({seen.content for seen in asked if seen.pauses}) > 3
    assert SEED.token not in out + workers


def test_updates_that_are_lost_are_caught_under_load(locust):
    with served(LostUpdates(RunningClock())) as server:
        code, out, workers = on_two_workers(locust, server.base_url)
    assert code == 1, out + workers
    assert "CLAUSE pausing.read-agrees: After a pause the campaign reads as the pause left it." in out
    assert "whop_contracts.integrations.locust: pausing.read-agrees: " in workers
    assert SEED.token not in out + workers


def test_one_user_alone_does_not_see_that_they_are(locust):
    with served(LostUpdates(RunningClock())) as server:
        process = locust(*run_of(server.base_url, users=1))
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out


@pytest.mark.parametrize(
    ("flags", "variables", "said"),
    [
        (("-H", "http://127.0.0.1:9"), {}, "--campaign-id: not given; expected at least one"),
        (("-H", "https://api.whop.com/api/v1", "--campaign-id=adcamp_a"), {}, "api.whop.com is production"),
        (("-H", "http://127.0.0.1:9", "--campaign-id=adcamp_a"), {"WHOP_API_TOKEN": ""}, "WHOP_API_TOKEN: not set"),
    ],
    ids=["no-campaign", "production", "no-token"],
)  # fmt: skip
def test_what_cannot_be_run_is_said_before_anything_is_sent(locust, flags, variables, said):
    process = locust(*flags, "-u", "1", **variables)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 2, out
    assert said in out
    assert "Traceback" not in out


def test_nobody_answers_is_inconclusive(locust):
    process = locust(
        "-H", f"http://127.0.0.1:{free_port()}", "--campaign-id=adcamp_a", "-u", "1", "--iterations", "1"
    )
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 3, out
    assert "inconclusive: no pause was accepted" in out


def test_this_process_is_not_patched():
    assert "locust" not in sys.modules
    assert "gevent" not in sys.modules


# -- what no order explains ------------------------------------------------------------------------------------------------

NOW = 1_790_000_000
A, B = "2027-01-01T00:00:00.000Z", "2027-02-01T00:00:00.000Z"


class Talk:
    """Exchanges about one campaign, a shared one unless told otherwise, by the instants of their sending and their answer, in the order of the answers."""

    def __init__(self, *steps, desk=None):
        shared, self.broken, events = desk or SharedCampaign(), [], []
        for number, (operation, asked, shown, sent, received) in enumerate(steps, 1):
            content = b"" if asked is None else json.dumps({"paused_until": asked}).encode()
            headers = (("content-type", "application/json"),)
            method = "GET" if operation == "retrieve" else "POST"
            request = Request(method, "http://x", operation, CAMPAIGN, headers, content)
            answer = None if shown is None else Response(200, headers, self.document(shown))
            if isinstance(shown, int):
                answer = Response(shown, headers, b'{"error": {"type": "a", "message": "b"}}')
            now = Window(int((NOW + sent) * 1e9), int((NOW + received + 2) * 1e9))
            exchange = Exchange(number, request, answer, sent, received, now, role="full", scope="named")
            events += [(sent, 1, number, request, None), (received, 0, number, request, exchange)]
        for at, _, number, request, exchange in sorted(events, key=lambda event: event[:3]):
            if exchange is None:
                shared.begin(number, request, at)
            else:
                found = failures(shared.follow(exchange), clauses())
                self.broken += [clause.id for clause, _ in found if clause.part == "pausing"]

    @staticmethod
    def document(shown):
        provider = build(clock=RunningClock())
        held = provider.render_campaign(provider.state.campaigns[CAMPAIGN])
        until = None if shown in {"active", "forever"} else shown
        return json.dumps(
            {**held, "status": "active" if shown == "active" else "paused", "paused_until": until}
        ).encode()


FIRST = ("retrieve", None, "active", 0, 1)


@pytest.mark.parametrize(
    "steps",
    [
        [("pause", A, A, 2, 4), ("pause", B, B, 3, 5), ("retrieve", None, A, 9, 10)],
        [("pause", A, A, 2, 4), ("pause", B, B, 3, 5), ("retrieve", None, B, 9, 10)],
        [("pause", A, B, 2, 5), ("pause", B, A, 3, 4)],
        [("pause", A, A, 2, 3), ("pause", B, B, 4, 5), ("retrieve", None, A, 6, 6.5)],
        [("pause", A, None, 2, 3), ("retrieve", None, A, 9, 10), ("retrieve", None, "active", 19, 20)],
        [("pause", A, 503, 2, 3), ("retrieve", None, "active", 9, 10), ("retrieve", None, A, 19, 20)],
        [("pause", A, 422, 2, 3), ("retrieve", None, "active", 9, 10)],
        [("pause", A, A, 2, 20), ("retrieve", None, "active", 9, 10), ("retrieve", None, A, 11, 12)],
        [("pause", A, A, 2, 3), ("unpause", None, "active", 4, 5), ("retrieve", None, "active", 9, 10)],
    ],
    ids=["the-one", "the-other", "answers-crossed", "lagging", "unknown", "environment", "refused", "under-way", "unpaused"],
)  # fmt: skip
def test_what_some_order_explains_breaks_nothing(steps):
    assert Talk(FIRST, *steps).broken == []


@pytest.mark.parametrize(
    ("steps", "broken"),
    [
        ([("pause", A, A, 2, 3), ("retrieve", None, "active", 9, 10)], ["pausing.read-agrees"]),
        ([("pause", A, A, 2, 3), ("pause", B, B, 4, 5), ("retrieve", None, A, 9, 10)], ["pausing.read-agrees"]),
        ([("pause", A, A, 2, 4), ("pause", B, B, 3, 5), ("retrieve", None, "forever", 9, 10)], ["pausing.read-agrees"]),
        ([("pause", A, 422, 2, 3), ("retrieve", None, A, 9, 10)], ["pausing.read-agrees"]),
        ([("pause", A, "forever", 2, 3)], ["pausing.until-is-kept"]),
        ([("pause", A, "active", 2, 3)], ["pausing.status-is-paused"]),
        ([("pause", A, A, 2, 3), *[("retrieve", None, "active", at, at + 1) for at in (9, 19)]], ["pausing.read-agrees"]),
    ],
    ids=["lost", "came-back", "torn", "acted", "without-its-date", "not-paused", "said-once"],
)  # fmt: skip
def test_what_no_order_explains_is_found(steps, broken):
    assert Talk(FIRST, *steps).broken == broken


@pytest.mark.parametrize(
    ("at", "broken"),
    [(4.9, ["pausing.read-agrees-at-once"]), (5.1, ["pausing.read-agrees"])],
    ids=["lagging", "lost"],
)
def test_how_long_a_read_may_lag_goes_by_the_sender_s_clock(at, broken):
    steps = (FIRST, ("pause", A, A, 2, 3), ("retrieve", None, "active", at, at + 1))
    assert Talk(*steps, desk=OwnCampaign(tolerance=60)).broken == broken
