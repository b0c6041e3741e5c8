"""Commands that reproduce a failure: the request as a line for bash, a run of one clause, a replay."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from whop_contracts.exchange import Exchange
from whop_contracts.report.summary import visible
from whop_contracts.settings import SETTINGS, Settings, shown
from whop_contracts.steps import ADDED, MANY, PLACES, SYMBOLS

_SENT: Final = (
    "base_url campaign_ids foreign_campaign_id test_clock resume_tolerance profile seed max_requests "
    "max_time ca_file insecure allow_production"
)
"""The settings that a command needs to repeat a run, besides tokens and headers."""
LONGEST: Final = 4_000
"""Characters of the longest command that is printed."""
_CREDENTIALS: Final = {
    "full": "Bearer $WHOP_API_TOKEN",
    "unstated": "Bearer $WHOP_API_TOKEN",
    "readonly": "Bearer $WHOP_READONLY_TOKEN",
    "empty": "Bearer",
}
"""The Authorization header by the symbol of the credential, in double quotes of bash."""
_PREFIX: Final = (
    "$([[ $WHOP_API_TOKEN =~ ^[A-Za-z0-9]{3,12}[_.-](.{8}.*)$ ]] && echo ${BASH_REMATCH[1]} || "
    "echo ${WHOP_API_TOKEN:4})"
)
"""The token without what its kind begins with, as ``altered`` takes it off."""


def of_run(settings: Settings) -> str:
    """The run as a command for bash, with the settings that decide what is sent but tokens and headers."""
    words = ["whop-contracts", "run"]
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        chosen = value != setting.default or setting.name in ("profile", "seed")
        if chosen and setting.name in _SENT.split():
            for one in value if isinstance(value, tuple) else (value,):
                words += [f"--{setting.key}", *([] if one is True else [shown(one)])]
    return shlex.join(words)


def run_command(result: Mapping[str, Any], clause: str) -> str:
    """The run that checks a clause again."""
    plan, kind = result["plan"], result["target"]["kind"]
    if command := plan.get("command"):
        return f"{command} --clause {shlex.quote(clause)}"
    chosen = ["--profile", str(plan["profile"]), "--seed", str(plan["seed"]), "--clause", clause]
    if kind == "mock":
        return shlex.join(["whop-contracts", "run", *chosen])
    return f"the same command with {shlex.join(chosen[-2:] if kind == 'recorded' else chosen)}"


def replay_command(clause: str) -> str:
    """The command that sends the requests again that led to a failure."""
    return f"whop-contracts replay RESULT --clause {shlex.quote(clause)}  # RESULT: the file of --json"


def curl(exchange: Exchange) -> str:
    """A command for bash that sends a request again byte for byte, the token left to the environment.

    If it is too long for a command line, a comment that says where the request is.
    """
    request, pipe = exchange.request, ""
    words = ["curl", "-i", *(["-g"] if set(request.url) & set("[]{}") else []), "-X", request.method]
    words.append(_quoted(request.url.encode()))
    credential = _credential(exchange)
    if credential is not None:
        words += ["-H", f'"Authorization: {credential}"']
    media_type = request.header("content-type")
    if media_type is not None or request.content:
        words += ["-H", _quoted(f"Content-Type: {media_type or ''}".strip().encode())]
    if b"\0" in request.content:  # no argument can hold it
        pipe = f"printf '{''.join(map(_octal, request.content))}' | "
        words += ["--data-binary", "@-"]
    elif request.content:
        words += ["--data-raw", _quoted(request.content)]
    command = pipe + " ".join(words)
    if len(command) > LONGEST:
        return f"# request {exchange.number} is too long for a command line; the file of --har has it"
    return command


def _quoted(content: bytes) -> str:
    """Bytes as a word of bash: plain if a reader can see all of them, otherwise escaped in ``$'…'``."""
    text = content.decode("utf-8", "replace")
    if text.encode() == content and visible(text, len(text) + 1) == text:
        return shlex.quote(text)
    return "$'" + "".join(chr(byte) if _plain(byte) else f"\\x{byte:02x}" for byte in content) + "'"


def _octal(byte: int) -> str:
    return chr(byte) if _plain(byte) and byte != ord("%") else f"\\{byte:03o}"


def _plain(byte: int) -> bool:
    """Whether a byte means itself in all quotes: printable ASCII but the quote and the backslash."""
    return ord(" ") <= byte <= ord("~") and byte not in b"'\\"


def _credential(exchange: Exchange) -> str | None:
    """The Authorization header that was sent, in double quotes of bash; None if there was none."""
    symbol, sent = exchange.credential or exchange.role, exchange.request.header("authorization") or ""
    kind, _, how = symbol.partition(":")
    if kind == "unknown":
        return sent
    if kind == "scheme":
        return f"{how} $WHOP_API_TOKEN".strip()
    if kind == "altered":
        token = sent.removeprefix("Bearer ")
        # Recordings do not show how a token was altered.
        return f"Bearer {'$ALTERED_TOKEN' if not how or not token or '$' in token else _altered(how, token)}"
    return _CREDENTIALS.get(symbol)


def _altered(how: str, token: str) -> str:
    """The bash expression that alters the token in the environment as ``altered`` does."""
    kind, _, number = how.partition(":")
    size, half = int(number or 0), (len(token) - len(SYMBOLS)) // 2
    few, many = (ADDED * 3)[:size], ADDED * MANY
    if kind in ("cut", "head", "start", "prefix", "added") and token.endswith(few or many):
        return f"${{WHOP_API_TOKEN}}{few or many}"
    rest = f"${{WHOP_API_TOKEN:{size or 4}}}"
    at = len(token) * PLACES[size if kind == "middle" else 0] // 16
    places = [one for one in range(1, len(token) - 1) if token[one].isalpha()]
    changed = token[at : at + 1]
    if kind == "case" and places not in ([], [at]):  # a token without letters is changed in its middle
        at = places[len(places) // 2]
        changed = f"$(tr a-zA-Z A-Za-z <<<${{WHOP_API_TOKEN:{at}:1}})"
    return {
        "before": f"{few or ADDED}$WHOP_API_TOKEN",
        "word": f"$WHOP_API_TOKEN {ADDED}",
        "comma": f"$WHOP_API_TOKEN,{ADDED}",
        "quoted": '\\"$WHOP_API_TOKEN\\"',
        "symbols": f"${{WHOP_API_TOKEN:0:{half}}}{SYMBOLS}${{WHOP_API_TOKEN:{half}}}",
        "cut": f"${{WHOP_API_TOKEN%{'?' * (size or 4)}}}",
        "head": rest,
        "start": f"{ADDED}{rest}",
        "prefix": _PREFIX,
    }.get(kind, f"${{WHOP_API_TOKEN:0:{at}}}{changed}${{WHOP_API_TOKEN:{at + 1}}}")
