"""Every regular expression of the package takes linear time, on texts made from it that could be slow."""

import ast
import json
import re
from collections import deque
from importlib import import_module
from pathlib import Path
from re import _compiler, _parser
from time import process_time

import whop_contracts
from test_schemas import patterns
from whop_contracts.pause.clauses.response import LEAKS
from whop_contracts.schemas import document_path
from whop_contracts.settings.kinds import KINDS

PACKAGE = Path(whop_contracts.__file__).parent
CALLS = re.compile(r"re\.(compile|search|match|fullmatch|split|findall|finditer|subn?)")
REPEATS = {_parser.MAX_REPEAT, _parser.MIN_REPEAT, _parser.POSSESSIVE_REPEAT}
CLASSES = {_parser.NOT_LITERAL, _parser.ANY, _parser.IN}
CANDIDATES = 'a1 /\n:.-A"{' + "".join(map(chr, range(256)))
"""Characters of hostile texts: of a class that matches several, the first three are tried."""
BUILT = {
    # How the source writes a pattern that it builds when it runs, and the patterns.
    "'|'.join(forms).replace('<file>', _FOUND['file'])": [form.pattern for form in LEAKS.values()],
    "self.separator": [one.separator for one in KINDS.values()],
    "self.schema['pattern']": [one.schema["pattern"] for one in KINDS.values() if "pattern" in one.schema],
    # Faults and variations read our own requests alone, with the parsers that they are made of.
    **dict.fromkeys(["options.rejected_dates", "pattern", "form"], ()),
    **dict.fromkeys(["row['pattern']", "row['compared']", "row['pattern'].encode()"], ()),
}


def found():
    """Each expression of the package: how the source writes it, and the pattern if it is constant."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            plain = not (isinstance(node, ast.ImportFrom) and node.module == "re")
            assert plain, "import re, so that this test finds its use"
            if isinstance(node, ast.Call) and CALLS.fullmatch(ast.unparse(node.func)):
                names = [one.id for one in ast.walk(node.args[0]) if isinstance(one, ast.Name)]
                constant = names and all(name.isupper() for name in names)
                text, *rest = map(ast.unparse, node.args)
                flags = [eval(one, {"re": re}) for one in rest if "re." in one]
                try:
                    pattern = eval(text, vars(import_module(module)) if constant else {})
                    yield text, re.compile(pattern, *flags)
                except NameError:
                    yield text, None


def seconds(pattern, text, tries):
    """The least processor time, of so many measurements, that looking through a text takes."""
    times = []
    for _ in range(tries):
        began = process_time()
        deque(pattern.finditer(text), 0)
        times.append(process_time() - began)
    return min(times)


def characters(token, state):
    """Characters that one token of a parsed expression matches; none if it matches no character."""
    compiled = _compiler.compile(_parser.SubPattern(state, [token]))
    binary = compiled.flags & re.UNICODE == 0
    return [one for one in CANDIDATES if compiled.fullmatch(one.encode("latin-1") if binary else one)][:3]


def example(tokens, state):
    """A text like those that tokens match."""
    text = ""
    for op, value in tokens:
        if op is _parser.SUBPATTERN:
            text += example(value[-1], state)
        elif op is _parser.BRANCH:
            text += example(value[1][0], state)
        elif op in REPEATS:
            text += example(value[2], state) * max(value[0], 1)
        elif op is _parser.LITERAL:
            text += chr(value)
        elif op in CLASSES:
            text += characters((op, value), state)[0]
    return text


def hostile(tokens, state, before=""):
    """Pairs of a beginning and what to repeat after it: what is repeated, and all that it begins with."""
    for op, value in tokens:
        if op is _parser.BRANCH:
            for branch in value[1]:
                yield from hostile(branch, state, before)
        elif op is _parser.SUBPATTERN:
            yield from hostile(value[-1], state, before)
        elif op in REPEATS:
            body = value[2]
            single = len(body) == 1 and body[0][0] in CLASSES
            units = characters(body[0], state) if single else [example(body, state)]
            yield from ((start, unit) for unit in units for start in (before, ""))
            yield from hostile(body, state, before)
        before += example([(op, value)], state)
        yield from (("", before), ("", f"{before} "))


def slow_texts(pattern, length=12_000, fast=0.01):
    """The hostile texts of which ten times as much takes over 30 times as long and over ``fast`` seconds."""
    tokens = _parser.parse(pattern.pattern, pattern.flags)

    def made(before, unit, length):
        whole = before + unit * (length // len(unit)) + "\x00"
        return whole.encode("latin-1") if isinstance(pattern.pattern, bytes) else whole

    for before, unit in {pair for pair in hostile(tokens, tokens.state) if pair[1]}:
        # The steps keep a quadratic expression from being tried on the whole length. Short times
        # are mostly noise, so what is fast is not slow, whatever the ratio.
        for part in (length // 10, length):
            if seconds(pattern, made(before, unit, part), 1) <= fast:
                continue
            long = seconds(pattern, made(before, unit, part), 3)
            short = seconds(pattern, made(before, unit, part // 10), 3)
            if long > max(30 * short, fast):
                yield before, unit
                break


def test_every_expression_takes_linear_time():
    """Also where it is only matched: the text is searched, from every place."""
    for key, pattern in found():
        for one in [pattern] if pattern else map(re.compile, BUILT[key]):
            assert list(slow_texts(one)) == [], one.pattern


def test_the_patterns_of_the_schemas_take_linear_time():
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in document_path("").rglob("*.json")]
    for text in {pattern for document in documents for pattern in patterns(document)}:
        assert list(slow_texts(re.compile(text))) == [], text


def test_a_quadratic_expression_is_noticed():
    """By the ratio alone: a fast machine takes less than any number of seconds."""
    for text in (
        *(r"(?:/[\w.@-]+){2,}\.py\b", r"\s+$", "<[^>]*>x", rb"(?:a|b)*c", "a+b|x"),
        *(r"\bselect\b.*?\bfrom\b", r"[^@]+@", r"//[^/@]*x?[^/]*@"),
    ):
        assert next(slow_texts(re.compile(text), length=5_000, fast=0), None), text
