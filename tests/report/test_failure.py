"""A failure: its kinds, its history and its commands, which bash turns into the request that was sent."""

import random
import subprocess

from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.exchange import Exchange, Window
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Event, State
from whop_contracts.pause.request_classes import vectors
from whop_contracts.report.failure import curl, describe_response, state_of
from whop_contracts.steps import Actors, Case

TOKEN = "wk_7Qd2mXv9Rb4TzLc8"
READONLY = "wk_3Hs8pNc5Vw1KxFj6"


def exchange(case, token=TOKEN):
    actors = Actors(token=token, campaigns=("adcamp_Kb7Qw2Zr",), readonly_token=READONLY)
    builder = RequestBuilder("https://h.example/api/v1", actors, PAUSE, agent="a", rng=random.Random(0))
    built = builder.bind(case, Window(10**18, 10**18))
    return Exchange(3, built.request, None, 0.0, 1.0, role=built.role, credential=case.credential)


def pasted(command, token=TOKEN):
    """What curl is given if a command is pasted into bash: address, headers and body."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; case \"$*\" in *'@-'*) cat;; esac; }}\n{command}\n"
    environment = {"WHOP_API_TOKEN": token, "WHOP_READONLY_TOKEN": READONLY, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", script], capture_output=True, env=environment, check=True)
    words = done.stdout.split(b"\0")
    stdin = done.stdout.partition(b"@-\0")[2]
    body = words[words.index(b"--data-raw") + 1] if b"--data-raw" in words else stdin
    lines = [words[at + 1].decode() for at, word in enumerate(words) if word == b"-H"]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    url = next(word for word in words if word.startswith(b"https"))
    return {"url": url, "headers": headers, "body": body}


def test_a_command_sends_the_credential_that_was_sent_and_does_not_contain_the_token():
    for token in (TOKEN, "1234567890ab", "0123456789-0123456789"):
        for credential in sorted({case.credential for case in vectors().values()}):
            sent = exchange(Case("a case", credential=credential, body="{}"), token)
            command = curl(sent)
            assert token not in command
            found = pasted(command, token)["headers"].get("authorization")
            assert found == sent.request.header("authorization"), credential


def test_a_command_sends_the_bytes_that_were_sent():
    bodies = [
        *(None, "{}", "{'a': \"b\"}", "$HOME `id` \\n !", "@file", "é 広", "a\nb\r\tc", "\u202e", "\ufeff{}"),
        *(b"\xff\xfe{", b'{"a": "\x00%s\\"}'),
    ]
    for body in bodies:
        for media_type in ("application/json", None, "text/plain; a='b'"):
            sent = exchange(Case("a case", body=body, media_type=media_type, campaign="suffix:%27{a}[1]'"))
            command = curl(sent)
            assert command.isprintable()
            found = pasted(command)
            assert found["url"] == sent.request.url.encode()
            assert found["body"] == sent.request.content
            assert found["headers"].get("content-type", "") == (media_type or "")
            assert ("-g" in command.split()) is True


def test_a_body_is_never_cut_in_a_command():
    command = curl(exchange(Case("a case", body="x" * 100_000)))
    assert command == "# request 3 is too long for a command line; the file of --har has it"
    assert subprocess.run(["bash", "-c", command], check=False).returncode == 0


def test_a_recording_without_the_altered_token_names_it():
    sent = exchange(Case("a case", credential="altered:case"), "$WHOP_API_TOKEN")
    assert '"Authorization: Bearer $ALTERED_TOKEN"' in curl(sent)


def test_an_earlier_request_is_shown_with_its_response_and_state():
    at, until = 10**18, 10**18 + 10**9
    for state, asked, response in (
        (State("paused", until), until, "200"),
        (State("paused", until), None, "200, paused until 2001-09-09T01:46:41.000Z"),
        (State("active"), None, "200, active"),
        (State(None), None, "200"),
        (None, None, "timed out"),
    ):
        ended = (200 if state else 0, "timed out", state)
        event = Event(4, "adcamp_1", at, "retrieve", "GET", None, asked, "x", *ended).as_dict()
        assert describe_response(event) == response
        assert (state_of(event).status, state_of(event).until) == (
            (state.status, state.until) if state else (None, None)
        )
