"""Every regular expression of the package takes linear time, on the texts that could make it slow."""

from __future__ import annotations

import ast
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import whop_contracts
from whop_contracts.engine.build_plan import ROUND
from whop_contracts.pause.clauses.refusals import LEAKS
from whop_contracts.redaction import Redactor
from whop_contracts.schemas import document_path
from whop_contracts.settings import SETTINGS

PACKAGE = Path(whop_contracts.__file__).parent
CALLS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
WHOLE = {"match", "fullmatch"}
SECRET = "secret-of-many-letters"

HOSTILE: dict[str | bytes, str | tuple[str, ...]] = {
    # A pattern, and the texts that make it slow: each is repeated, or what follows its "…" is.
    rb"\r?\n\r?\n": ("\r", "\r\n\r"),
    rb"HTTP/1\.\d 1\d\d": "HTTP/1.1 ",
    r"[\x21-\x7e]+": "a",
    r"[/\\]": "a",
    rb"try again in\s+(\d{1,6}(?:\.\d{1,6})?)\s*s": ("try again in 1", "try again in ", " "),
    r"\d{1,6}": "1",
    r"adcamp_[A-Za-z0-9]+": ("adcamp_", "a"),
    "[\U0001f000-\U0001ffff]": "a",
    r"\d{4}-\d\d-\d\dT": "2026-01-01",
    r"\d{4}-\d\d-\d\d": "2026-01-01",
    r".*T\d\d:\d\d:\d\d(\.\d+)?": ("T", "T00:00:00.1"),
    r"\d{4}-\d\d-\d\d ": "2026-01-01",
    r"[+-]\d{4}$": "+0100",
    "[a-su-y]{3}": "aaz",
    "_(.)": "_",
    r"(\d{4})-(\d{2})-(\d{2})([Tt])(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})": "1",
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?\s?(?:([Zz])|([+-]\d\d):?(\d\d)?)?)?": "1",
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})": "1",
    r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?\s*": (" ", "1"),
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|[+-]\d\d:\d\d)": "1",
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)": ("2026-01-01T00:00:00.1", "1"),
    r"^(?P<base>https?://[^?#]*?)/ad_campaigns/(?P<campaign>[^/?#]+)(?:/(?P<action>[^/?#]+))?/?(?:[?#].*)?$":
        ("http://", "/ad_campaigns/a", "/ad_campaigns/", "/a", "#"),
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d": "2026-01-01T",
    r"(Z|[+-]\d\d:?\d\d)\s*$": ("Z ", " ", "+0100 "),
    r"-?[0-9]+(\.[0-9]+)?": "1",
    rb",\s*([}\]])": (", ", " ", ","),
    "[a-z]{4}": "aa1",
    r"application/([a-z0-9!#$&^_.+-]+\+)?json": ("+", "a+json"),
    r"[^ ,]*[ ,]*": ("a", " ", ","),
    "`+": "`a",
    r"'([^']+)'": ("'", "a", "'a"),
    r"^\s*\[\[\s*waiver\s*\]\]\s*(?:#.*)?$": (" ", "[[ ", "waiver "),
    r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(ms|s|m|h|)": "1.",
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+": "a",
    r"//[^/@]*@": ("//", "/", "a", "//a"),
    r"adcamp_[A-Za-z0-9_~.-]+": "a",
    r"[0-9]{1,19}": "1",
    r"[a-z0-9_.:-]+": "a",
    r"\(at (line \d+, column \d+|end of document)\)": ("(at line 1", "1", "(at line 1, column 1"),
    r"/api/v1/ad_campaigns/(?P<id>[^/]+)(?:/(?P<action>pause|unpause))?": ("/api/v1/ad_campaigns/", "a"),
    r"[A-Za-z0-9._~+/-]+=*": ("a", "="),
    r"([+-]\d\d)(\d\d)$": "+0100",
    r"[0-9a-f]{64}": "a",
    r"/ad_campaigns/": "/ad_campaigns",
    r"(?!adcamp_)[A-Za-z0-9_-]+": ("adcamp_", "a"),
    r"charset\s*=\s*\"?([^\s;\"]*)": ("charset ", "charset=", " ", "a"),
    r"[%\\&+]": "a",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z": "2026-01-01T",
}  # fmt: skip
"""A row for each expression; one without a row fails the test."""


LEAK_TEXTS = {
    "a stack trace": (
        "at ", "at a(", "at …a", "\n", "\n at", "\n at …a", "\n\t", ".py:1", ".py:…1", ".py ", ".py, ",
        'File "', 'File "…a', 'File "a", line …1', "goroutine …1", "AxError: ", "AxError: a\r", "AError",
        "A…x", "Caused by: ", "Caused by: …aError",
    ),
    "a source path": (
        "/a", "/", "a", "a.b/", "@/", "//a", "/usr", "/usr/…a", "/usr/a ", "C:\\", "C:\\…a ", "C:\\…a.", "\\",
    ),
    "a database query": (
        "SELECT ", "select ", "select a from ", "select from…a", "select a…from ", "UPDATE ", "UPDATE a ",
        "UPDATE …a", "UPDATE… ", "update a set ", "update a set …a", "INSERT ", "INSERT… ", "DELETE… ",
        "WHERE ", "WHERE …a", "WHERE a.…a", "PG::", "db.", "db.…a", "db.a.find…find", "query ", "query… ",
        "query …a", "query a( $…a", "query a(… ", '"bool" :', '"bool"… ',
    ),
}  # fmt: skip
BUILT: dict[str, Callable[[], Iterator[tuple[str, Iterable[str]]]]] = {
    # How the source puts a pattern together: the patterns that come of it, each with its texts.
    "'|'.join(forms)": lambda: (("|".join(LEAKS[what]), texts) for what, texts in LEAK_TEXTS.items()),
    "'|'.join(patterns)": lambda: iter(
        [(Redactor([SECRET])._pattern().pattern, (SECRET[:-1], "s", "%73", "\\u0073"))]
    ),
    "'|'.join((pattern for patterns, _ in forms for pattern in patterns))": lambda: iter(()),  # the same
    "f'{ROUND}(\\\\d{{1,9}}): '": lambda: iter([(rf"{ROUND}(\d{{1,9}}): ", ("1", ROUND))]),
    'f"""^\\\\s*(?:\\\\[+\\\\s*)?["\']?{re.escape(key)}["\']?\\\\s*[=\\\\].]"""': lambda: iter(
        [(r"""^\s*(?:\[+\s*)?["']?owner["']?\s*[=\].]""", (" ", "[", "owner… ", '"'))]
    ),
    "setting.kind.separator": lambda: (
        (one.kind.separator, (" ", ",", ", a", "\n")) for one in SETTINGS if one.repeatable
    ),
}


def found() -> Iterator[tuple[str | bytes, str, re.Pattern[Any] | None]]:
    """Each expression of the package: its key in the tables, how it is used, and the pattern if constant."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    used = {
        node.func.value.id: node.func.attr
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS
        and isinstance(node.func.value, ast.Name)
    }  # fmt: skip
    named = {
        id(node.value): target.id
        for node in nodes
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        assert not (isinstance(node, ast.ImportFrom) and node.module == "re"), (
            "import re, so that this test finds its use"
        )
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in {f"re.{name}" for name in CALLS}:
            continue
        method = ast.unparse(node.func).removeprefix("re.")
        method = used.get(named.get(id(node), ""), "search") if method == "compile" else method
        pattern, *rest = node.args
        try:
            text = ast.literal_eval(pattern)
        except ValueError:
            yield ast.unparse(pattern), method, None
            continue
        flags = [eval(ast.unparse(one), {"re": re}) for one in rest if "re." in ast.unparse(one)]
        yield text, method, re.compile(text, *flags)


def seconds(pattern: re.Pattern[Any], method: str, text: str | bytes, tries: int) -> float:
    """The least processor time, of so many measurements, that looking through a text takes."""
    look = getattr(pattern, method) if method in WHOLE else lambda given: deque(pattern.finditer(given), 0)
    times = []
    for _ in range(tries):
        began = process_time()
        look(text)
        times.append(process_time() - began)
    return min(times)


def slow_texts(
    pattern: re.Pattern[Any], method: str, texts: Iterable[str], length: int = 100_000
) -> list[str]:
    """The texts of which ten times as much, ``length`` characters, takes more than thirty times as long."""

    def made(text: str, length: int) -> str | bytes:
        begin, _, unit = text.rpartition("…")
        whole = begin + unit * (length // len(unit)) + "\x00"
        return whole.encode() if isinstance(pattern.pattern, bytes) else whole

    slow = []
    for text in texts:
        long = made(text, length)
        # A hundredth of a second is fast, whatever the ratio: short times are mostly noise.
        if seconds(pattern, method, long, 1) > 0.01:
            short = seconds(pattern, method, made(text, length // 10), 5)
            if seconds(pattern, method, long, 3) > max(30 * short, 0.01):
                slow.append(text)
    return slow


EXPRESSIONS = {(key, method): pattern for key, method, pattern in found()}


def test_every_expression_is_in_the_tables() -> None:
    assert {key for key, _ in EXPRESSIONS} - HOSTILE.keys() - BUILT.keys() == set()
    assert LEAK_TEXTS.keys() == LEAKS.keys()


def test_every_expression_takes_linear_time() -> None:
    slow = {}
    for (key, method), pattern in EXPRESSIONS.items():
        if pattern is None:
            tried = [(re.compile(text), texts) for text, texts in BUILT[str(key)]()]
        else:
            texts = HOSTILE[key]
            tried = [(pattern, (texts,) if isinstance(texts, str) else texts)]
        for one, texts in tried:
            if found := slow_texts(one, method, texts):
                slow[one.pattern] = found
    assert slow == {}


def test_the_patterns_of_the_schemas_take_linear_time() -> None:
    def patterns(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from [part["pattern"]] if isinstance(part.get("pattern"), str) else []
            part = list(part.values())
        for one in part if isinstance(part, list) else ():
            yield from patterns(one)

    documents = [json.loads(path.read_text(encoding="utf-8")) for path in document_path("").rglob("*.json")]
    for text in {pattern for document in documents for pattern in patterns(document)}:
        begin = re.sub(r"\W.*", "", text[1:])
        assert slow_texts(re.compile(text), "search", (f"{begin}…a", f"{begin}… ", "a", " ", "1")) == [], text


def test_a_quadratic_expression_is_noticed() -> None:
    pattern = re.compile(r"(?:/[\w.@-]+){2,}\.py\b")
    assert slow_texts(pattern, "search", ("a", "/a"), 4_000) == ["/a"]
