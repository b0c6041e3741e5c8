"""Which clauses a response to a write tests, and which one a difference fails."""

from pause.histories import CLAUSES, History, at, text  # noqa: I001 - names in rows, not one a line
from whop_contracts.exchange import Finding
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import MILLI, Intent
from whop_contracts.pause.evidence import ACTIVE, Evidence, State
from whop_contracts.pause.oracle.blame import (
    AS_ACTIVE, AT_ONCE, BLAME, BY_ITSELF, CANCELLED, CLEARED, EARLY, FAR, FRACTION, INDEFINITE, OFFSET,
    OTHERS, PAST, PROMPTLY, REPLACED, RESUMED, RESUMES, STATUS, STAYS, STORED, UNPAUSED, UNTIL,
    Difference, blame, clauses_of_write, compare, describe,
)  # fmt: skip

DATED, PAUSED = State("paused", at(600)), State("paused")
EVENING, HALF = at(1_200), at(1_200) + NANO // 2


def asking(request_class="instant", until=(EVENING,), offset=0):
    return Intent(request_class, until=until, offset=offset)


NOTHING = Intent("omitted")


def written(intent, *before, operation="pause"):
    exchange = History().exchange(operation, 1).exchange
    return Evidence(exchange, intent=intent, before=frozenset(before) if before else None)


def shows(evidence, status, until=None):
    """The clauses that fail if the response to a write shows a state."""
    tested = clauses_of_write(evidence)
    return blame(Difference(tested, State(status, until), frozenset(), evidence.before, evidence.intent))


def test_every_clause_of_the_table_is_one_that_the_oracle_decides_and_none_is_missing():
    exchange = written(None).exchange
    nothing, everything = Evidence(exchange), Evidence(exchange, tested=frozenset(CLAUSES))
    decided = {one.id for one in CLAUSES.values() if one.applies(everything) and not one.applies(nothing)}
    assert {clause for clause, _ in BLAME} | {AT_ONCE, PROMPTLY} == decided, "the two about late states"
    assert all(CLAUSES[clause].history for clause in decided)


def test_what_a_response_to_a_write_tests():
    for asked, tested in (
        (written(None, operation="unpause"), {UNPAUSED, CLEARED}),
        (written(None), set()),
        (written(asking("past"), DATED), {PAST}),
        (written(asking()), {STATUS, UNTIL}),
        (written(NOTHING, ACTIVE), {STATUS, INDEFINITE}),
        (written(asking("far")), {STATUS, UNTIL, FAR}),
        (written(asking(offset=-60)), {STATUS, UNTIL, OFFSET}),
        (written(asking(until=(HALF,))), {STATUS, UNTIL, FRACTION}),
        (written(asking(), ACTIVE, DATED), {STATUS, UNTIL, REPLACED}),
        (written(NOTHING, DATED), {STATUS, INDEFINITE, REPLACED}),
        (written(asking(), PAUSED), {STATUS, UNTIL}),
        (written(asking(), State("active", at(600))), {STATUS, UNTIL}),
    ):
        assert clauses_of_write(asked) == tested


def test_what_a_wrong_response_to_a_write_fails():
    for asked, status, until, clauses in (
        # An unpause leaves an active campaign without a date.
        (written(None, operation="unpause"), "active", at(600), (CLEARED,)),
        (written(None, operation="unpause"), "paused", None, (UNPAUSED,)),
        (written(asking("past")), "paused", None, (PAST,)),
        # Another status is one mistake, whatever becomes of the date then ...
        (written(asking(), ACTIVE), "active", None, (STATUS,)),
        (written(asking(), ACTIVE), "active", EVENING, (STATUS,)),
        (written(asking(), ACTIVE), "active", EVENING + MILLI, (STATUS,)),
        (written(asking(), DATED), "active", at(600), (STATUS,)),
        (written(asking()), "active", EVENING, (STATUS,)),
        # ... unless the date is one that nobody asked for.
        (written(asking(), ACTIVE), "active", at(777), (STATUS, UNTIL)),
        (written(asking(), ACTIVE), "active", EVENING + MILLI + 1, (STATUS, UNTIL)),
        (written(NOTHING), "active", at(777), (STATUS, INDEFINITE)),
        # Paused, or with a status that cannot be read: the date is wrong.
        (written(asking(), ACTIVE), None, at(777), (UNTIL,)),
        (written(asking(), ACTIVE), "paused", at(777), (UNTIL,)),
        (written(asking(), ACTIVE), "paused", None, (UNTIL,)),
        (written(NOTHING, ACTIVE), "paused", at(777), (INDEFINITE,)),
        # The date of before, if there was one, has been kept.
        (written(asking(), DATED), "paused", at(600), (REPLACED,)),
        (written(NOTHING, DATED), "paused", at(600), (REPLACED,)),
        (written(asking(), DATED), "paused", at(777), (UNTIL,)),
        (written(asking(), DATED, PAUSED), "paused", None, (UNTIL,)),
        # A fraction that is lost is less than a second.
        (written(asking(until=(HALF,))), "paused", EVENING, (FRACTION,)),
        (written(asking(until=(HALF,))), "paused", HALF - NANO + 1, (FRACTION,)),
        (written(asking(until=(HALF,))), "paused", HALF - NANO, (UNTIL,)),
        (written(asking(until=(HALF,))), "paused", None, (UNTIL,)),
        (written(asking()), "paused", EVENING - NANO // 2, (UNTIL,)),
        # A far date that is another is reported as one, unless an offset explains it.
        (written(asking("far")), "paused", at(777), (FAR,)),
        (written(asking("far", offset=60)), "paused", EVENING + 3_600 * NANO, (OFFSET,)),
        # Of the instants that a text may mean, the nearest counts.
        (written(asking(until=(at(600) + NANO // 2, HALF))), "paused", at(600), (FRACTION,)),
    ):  # fmt: skip
        assert shows(asked, status, until) == clauses


def test_an_offset_dropped_inverted_or_half_read_explains_a_date_and_nothing_else():
    for offset, minutes in (
        (330, (330, 660, 30, 60, 300)),
        (-210, (210, 420, 30, 60, 180)),
        (60, (60, 120)),
        (-720, (720, 1_440)),
    ):
        asked = written(asking(offset=offset))
        for off in (sign * one for one in minutes for sign in (1, -1)):
            for rest in (0, NANO - 1, 1 - NANO, NANO, -NANO):
                clause = OFFSET if abs(rest) < NANO else UNTIL
                assert shows(asked, "paused", EVENING + off * 60 * NANO + rest) == (clause,)
    for offset in (330, 60):
        asked = written(asking(until=(HALF,), offset=offset))
        for off in (7, 90, 50, 11):
            assert shows(asked, "paused", HALF + off * 60 * NANO) == (UNTIL,)
        assert shows(asked, "paused", EVENING) == (FRACTION,), "a cut fraction is no offset"
        assert shows(asked, "paused") == (UNTIL,)


def test_what_a_wrong_read_fails():
    for tested, allowed, shown, clauses in (
        ({UNPAUSED}, {ACTIVE}, State("active", at(600)), (CLEARED,)),
        ({UNPAUSED}, {ACTIVE}, PAUSED, (UNPAUSED,)),
        ({STORED}, {DATED}, ACTIVE, (STORED,)),
        (RESUMED, {ACTIVE}, DATED, (RESUMES,)),
        (RESUMED, {ACTIVE}, PAUSED, (RESUMES,)),
        (RESUMED, {ACTIVE}, State("active", at(600)), (CLEARED,)),
        (RESUMED, {ACTIVE}, State("stale"), (AS_ACTIVE,)),
        ({CANCELLED, *RESUMED}, {ACTIVE}, PAUSED, (CANCELLED, RESUMES)),
        ({CANCELLED, *RESUMED}, {ACTIVE}, DATED, (RESUMES,)),
        ({CANCELLED, *RESUMED}, {ACTIVE}, State("active", at(600)), (CLEARED,)),
        ({CANCELLED, *RESUMED}, {ACTIVE}, State("stale"), (AS_ACTIVE,)),
        ({CANCELLED}, {PAUSED}, ACTIVE, (CANCELLED,)),
        ({CANCELLED, STAYS}, {PAUSED}, ACTIVE, (CANCELLED, STAYS)),
        ({OTHERS, STAYS}, {PAUSED}, ACTIVE, (STAYS,)),
        ({OTHERS, STAYS}, {PAUSED}, DATED, (OTHERS,)),
        ({OTHERS}, {PAUSED}, ACTIVE, (OTHERS,)),
        ({EARLY}, {DATED}, ACTIVE, (EARLY,)),
        ({BY_ITSELF}, {ACTIVE, DATED}, State("active", at(600)), (CLEARED,)),
        ({BY_ITSELF}, {ACTIVE, DATED}, State("stale"), (AS_ACTIVE,)),
        ({BY_ITSELF}, {ACTIVE}, State("stale"), (BY_ITSELF,)),
        ({BY_ITSELF}, {PAUSED, DATED}, State("stale"), (BY_ITSELF,)),
        ({BY_ITSELF}, {ACTIVE, DATED}, PAUSED, (AS_ACTIVE,)),
        # Late, but not late only: that is no matter of promptness.
        ({PROMPTLY}, {ACTIVE, DATED}, State("stale"), (AS_ACTIVE,)),
        ({PROMPTLY}, {ACTIVE, DATED}, State("active", at(600)), (CLEARED,)),
        ({PROMPTLY}, {ACTIVE, DATED}, PAUSED, (AS_ACTIVE,)),
    ):
        assert blame(Difference(frozenset(tested), shown, frozenset(allowed))) == clauses


UNTIL_600 = f"paused until {text(600)}"


def test_how_a_difference_reads():
    for allowed, shown, clause, found in (
        ({ACTIVE}, PAUSED, "", ("active", "paused indefinitely", "/status")),
        ({ACTIVE, PAUSED}, State("stale"), "", ("active or paused indefinitely", "stale", "/status")),
        ({DATED}, PAUSED, "", (UNTIL_600, "paused indefinitely", "/paused_until")),
        ({DATED, ACTIVE}, PAUSED, "", (f"active or {UNTIL_600}", "paused indefinitely", "/paused_until")),
        ({DATED}, ACTIVE, STATUS, (UNTIL_600, "active", "/status")),
        ({DATED}, State("active", at(777)), UNTIL,
         (UNTIL_600, f"active with paused_until {text(777)}", "/paused_until")),
        ({DATED}, State(None, at(777)), "", (UNTIL_600, "a status that cannot be read", "/paused_until")),
        ({DATED}, State("stale", until_read=False), "",
         (UNTIL_600, "stale, with a paused_until that cannot be read", "/status")),
    ):  # fmt: skip
        assert describe(frozenset(allowed), shown, clause) == Finding(*found)


def test_a_wrong_status_and_a_date_from_nowhere_are_each_shown_where_they_are():
    evidence, shown = written(asking(), ACTIVE), State("active", at(777))
    allowed = frozenset({State("paused", EVENING)})
    found = compare(evidence, clauses_of_write(evidence), shown, allowed).findings
    assert {id_: one.pointer for id_, one in found.items()} == {STATUS: "/status", UNTIL: "/paused_until"}
