"""Every regular expression of the package takes linear time, on the texts that could make it slow."""

import ast
import json
import re
from collections import deque
from importlib import import_module
from pathlib import Path
from time import process_time

import whop_contracts
from test_schemas import patterns
from whop_contracts.pause.clauses.response import LEAKS
from whop_contracts.schemas import document_path
from whop_contracts.settings import SETTINGS

PACKAGE = Path(whop_contracts.__file__).parent
CALLS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
WHOLE = {"match", "fullmatch"}
SECRET = "secret-of-many-letters"

HOSTILE = {
    # A pattern, and the texts that make it slow: each is repeated, or what follows its "…" is.
    rb"\r?\n\r?\n": ("\r", "\r\n\r"),
    rb"HTTP/1\.\d 1\d\d": "HTTP/1.1 ",
    r"[\x21-\x7e]+": "a",
    r"[/\\]": "a",
    r"[ \t\n\r]*": (" ", "\n"),
    r"\.\d+": (".", ".1"),
    r"[+-]\d\d:\d\d$": ("+01:0", "+"),
    rb"try again in\s+(\d{1,6}(?:\.\d{1,6})?)\s*s": ("try again in 1", "try again in ", " "),
    r"\d{1,6}": "1",
    r"adcamp_[A-Za-z0-9]+": ("adcamp_", "a"),
    r"\d{4}-\d\d-\d\dT": "2026-01-01",
    r"\d{4}-\d\d-\d\d": "2026-01-01",
    "_(.)": "_",
    r"(\d{4})-(\d{2})-(\d{2})([Tt])(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})": "1",
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d*)?)?\s?(?:([Zz])|([+-]\d\d):?(\d\d)?)?)?": "1",
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})": "1",
    r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?\s*": (" ", "1"),
    r"^(?P<base>https?://[^?#]*?)/ad_campaigns/(?P<campaign>[^/?#]+)(?:/(?P<action>[^/?#]+))?/?(?:[?#].*)?$":
        ("http://", "/ad_campaigns/a", "/ad_campaigns/", "/a", "#"),
    r"-?[0-9]+(\.[0-9]+)?": "1",
    rb",\s*(?=[}\]])": (", ", " ", ","),
    r"application/([a-z0-9!#$&^_.+-]+\+)?json": ("+", "a+json"),
    r"[^ ,]*[ ,]*": ("a", " ", ","),
    "`+": "`a",
    r"`([^`]+)`": ("`", "`a", "a"),
    r"^\s*\[\[\s*waiver\s*\]\]\s*(?:#.*)?$": (" ", "[[ ", "waiver "),
    r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(ms|s|m|h|)": "1.",
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+": "a",
    r"//[^/@]*@": ("//", "/", "a", "//a"),
    r"adcamp_[A-Za-z0-9_~.-]+": "a",
    r"[0-9]{1,19}": "1",
    r"[a-z0-9_.:-]+": "a",
    r"/api/v1/ad_campaigns/(?P<id>[^/]+)(?:/(?P<action>pause|unpause))?": ("/api/v1/ad_campaigns/", "a"),
    r"[A-Za-z0-9._~+/-]+=*": ("a", "="),
    r"([+-]\d\d)(\d\d)$": "+0100",
    r"[0-9a-f]{64}": "a",
    r"/v\d{1,3}/ad_campaigns/": "/v1",
    r"(?!adcamp_)[A-Za-z0-9_-]+": ("adcamp_", "a"),
    r"charset\s*=\s*\"?([^\s;\"]*)": ("charset ", "charset=", " ", "a"),
    r"\d+": "1",
    r"^[ \t]*::|##\[": (" ", "#", ":"),
    r"\W": " ",
    r"(?<=:[0-9]{2})\.(?=[Zz+-])": ":00.",
    "[_-]": "_",
    r"\{until (\d+)\}": ("{until ", "{until 1", "1"),
    r"\bown:(\d+)": ("own:", "own:1", "1"),
    r"[\W_]": " ",
    r"batch (\d{1,9}): ": ("batch 1", "1"),
    "key|token|secret|cookie|auth|password|session": ("ke", "s", "au"),
    r'"(\w{1,80})":': ('"', '"a', "a"),
    r"""^\s*(?:\[+\s*)?["']?([\w-]+)["']?\s*[=\].]""": (" ", "[", "a", "a ", "[ "),
    r"""["'(]""": "a",
    r"\.{3,}|…|â\x80¦": (".", "..", "â"),
    r"(?:[%\\]{1,4}(?:[ux]\{?)?[0-9a-f]{0,7}|&#?x?[0-9a-z]{0,6}|=[0-9a-f]?)$": ("%", "\\", "&a", "%u{0"),
    r"[ \t\r\n\v\f,:\-]+": " ",
    r"[^\x00-\x7f]": "a",
    "%(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))": ("%", "%u000"),
    r"&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-zA-Z]{2,31});": ("&", "&#x0", "&aa", "a"),
    r"=(?:([0-9a-fA-F]{2})|(?:\r|\\r)?(?:\n|\\n))": ("=", "=\r", "=\\"),
    r"\x00": "a",
    r"""\\(?:(?P<octal>[0-7]{3})|(?P<itself>["'/\\])|[nrt]|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})"""
    r"|u\{0*((?:10|[0-9a-fA-F])?[0-9a-fA-F]{1,4})\}|U00((?:10|0[0-9a-fA-F])[0-9a-fA-F]{4}))":
        ("\\", "\\u", "\\u{…0", "\\U00", "\\1"),
    r"[!-~]+": "a",
    r"\((at line \d+, column \d+|at end of document)\)": ("(", "(at line …1", "(at line 1, column …1"),
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
BUILT = {
    # How the source writes a pattern that it builds when it runs: the patterns, each with its texts.
    "'|'.join(forms)": lambda: (("|".join(LEAKS[what]), texts) for what, texts in LEAK_TEXTS.items()),
    "self.separator": lambda: [
        (one.kind.separator, (" ", ",", ", a", "\n")) for one in SETTINGS if one.repeatable
    ],
    # Faults read our own requests alone, with the parsers that they are made of.
    "pattern": list,
    "form": list,
    "row['pattern']": list,
}


def found():
    """Each expression of the package: its key in the tables, how it is used, and the pattern if constant."""
    trees = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(PACKAGE.rglob("*.py"))
    }
    placed = [(module, node) for module, tree in trees.items() for node in ast.walk(tree)]
    nodes = [node for _, node in placed]
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
    for module, node in placed:
        assert not (isinstance(node, ast.ImportFrom) and node.module == "re"), (
            "import re, so that this test finds its use"
        )
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in {f"re.{name}" for name in CALLS}:
            continue
        method = ast.unparse(node.func).removeprefix("re.")
        method = used.get(named.get(id(node), ""), "search") if method == "compile" else method
        pattern, *rest = node.args
        try:
            text = eval(ast.unparse(pattern), vars(import_module(module)) if constants(pattern) else {})
        except NameError:
            yield ast.unparse(pattern), method, None
            continue
        flags = [eval(ast.unparse(one), {"re": re}) for one in rest if "re." in ast.unparse(one)]
        yield text, method, re.compile(text, *flags)


def constants(pattern):
    """Whether a pattern is put together from constants of its module."""
    names = [node.id for node in ast.walk(pattern) if isinstance(node, ast.Name)]
    return bool(names) and all(name.isupper() for name in names)


def seconds(pattern, method, text, tries):
    """The least processor time, of so many measurements, that looking through a text takes."""
    look = getattr(pattern, method) if method in WHOLE else lambda given: deque(pattern.finditer(given), 0)
    times = []
    for _ in range(tries):
        began = process_time()
        look(text)
        times.append(process_time() - began)
    return min(times)


def slow_texts(pattern, method, texts, length=30_000):
    """The texts of which ten times as much, ``length`` characters, takes more than thirty times as long."""

    def made(text, length):
        begin, _, unit = text.rpartition("…")
        whole = begin + unit * (length // len(unit)) + "\x00"
        return whole.encode() if isinstance(pattern.pattern, bytes) else whole

    slow = []
    for text in texts:
        # The steps keep a quadratic expression from being tried on the whole length. A hundredth of a
        # second is fast, whatever the ratio: short times are mostly noise.
        for part in (0.1, 1):
            long = seconds(pattern, method, made(text, int(length * part)), 3)
            short = seconds(pattern, method, made(text, int(length * part / 10)), 3)
            if long > max(30 * short, 0.01):
                slow.append(text)
                break
    return slow


EXPRESSIONS = {(key, method): pattern for key, method, pattern in found()}


def test_every_expression_is_in_the_tables():
    assert {key for key, _ in EXPRESSIONS} - HOSTILE.keys() - BUILT.keys() == set()
    assert LEAK_TEXTS.keys() == LEAKS.keys()


def test_every_expression_takes_linear_time():
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


def test_the_patterns_of_the_schemas_take_linear_time():
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in document_path("").rglob("*.json")]
    for text in {pattern for document in documents for pattern in patterns(document)}:
        begin = re.sub(r"\W.*", "", text[1:])
        assert slow_texts(re.compile(text), "search", (f"{begin}…a", f"{begin}… ", "a", " ", "1")) == [], text


def test_a_quadratic_expression_is_noticed():
    pattern = re.compile(r"(?:/[\w.@-]+){2,}\.py\b")
    assert slow_texts(pattern, "search", ("a", "/a"), 4_000) == ["/a"]
