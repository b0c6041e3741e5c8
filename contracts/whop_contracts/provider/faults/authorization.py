"""Credentials and permissions that are not looked at closely enough, or answered wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.faults.making import written
from whop_contracts.provider.messages import Answer, Call, Refusal, Request, crash
from whop_contracts.provider.state import Credential

if TYPE_CHECKING:
    from whop_contracts.provider.messages import Operation
    from whop_contracts.provider.state import Campaign

_Match = Callable[[str, str], bool]
"""Whether a sent token passes for a known one."""


def _matching(match: _Match) -> type[Provider]:
    class Matching(Provider):
        def find_credential(self, token: str) -> Credential | None:
            known = self.state.credentials
            return known.get(token) or next((one for key, one in known.items() if match(token, key)), None)

    return Matching


def _token(request: Request) -> str | None:
    """The token that was sent; None where there is no such header."""
    header = request.header("authorization")
    return None if header is None else header.partition(" ")[2].strip()


def _answering(wanted: Callable[[str | None], bool], refusal: Callable[[], Refusal] | None) -> type[Provider]:
    """What becomes of strangers whose token is wanted: another refusal, or everything is allowed."""

    class Answering(Provider):
        def authenticate(self, request: Request) -> Credential:
            try:
                return super().authenticate(request)
            except Refusal:
                if not wanted(_token(request)):
                    raise
            if refusal is not None:
                raise refusal()
            return next(iter(self.state.credentials.values()))

    return Answering


def _is_absent(token: str | None) -> bool:
    return token is None


def _is_empty(token: str | None) -> bool:
    return token is not None and not token


def _is_present(token: str | None) -> bool:
    return bool(token)


def _is_any(_token: str | None) -> bool:
    return True


def _forbidden() -> Refusal:
    return Refusal(403, "forbidden", "This may not be done.")


class _ReadonlyPauses(Provider):
    """The permission is not asked for: who may read may pause."""

    def authorize(self, credential: Credential, operation: Operation) -> None:
        """Everybody may do everything."""


class _ReadonlyCrashes(Provider):
    """The refusal for want of a permission names the permission's label, which is missing."""

    def authorize(self, credential: Credential, operation: Operation) -> None:
        try:
            super().authorize(credential, operation)
        except Refusal:
            raise crash() from None


class _ReadonlyQuietly(Provider):
    """A want of permission is answered with success, and nothing is done."""

    def perform(self, call: Call, request: Request) -> Answer:
        try:
            return super().perform(call, request)
        except Refusal as refusal:
            if refusal.status != 403 or call.operation == "retrieve":  # noqa: PLR2004 - a status
                raise
            return self.success(call.operation, self.render_campaign(self.state.campaigns[call.id]))


class _ForeignPauses(Provider):
    """The owner is not asked for: whoever knows an id may pause it."""

    def owns(self, credential: Credential, campaign: Campaign) -> bool:  # noqa: ARG002
        return True


class _ForeignCrashes(Provider):
    """Another company's campaign has no row in the join."""

    def owns(self, credential: Credential, campaign: Campaign) -> bool:
        if not super().owns(credential, campaign):
            raise crash()
        return True


class _ForeignReads(Provider):
    """The owner is asked for reading alone: what is not readable can be paused."""

    def perform(self, call: Call, request: Request) -> Answer:
        self.call = call
        return super().perform(call, request)

    def owns(self, credential: Credential, campaign: Campaign) -> bool:
        return self.call.operation != "retrieve" or super().owns(credential, campaign)


class _ForeignPausedAllTheSame(Provider):
    """The owner is asked for after the pause is stored; reading asks nobody."""

    def perform(self, call: Call, request: Request) -> Answer:
        self.call = call
        return super().perform(call, request)

    def owns(self, credential: Credential, campaign: Campaign) -> bool:
        own = super().owns(credential, campaign)
        if not own and self.call.operation == "pause":
            self.apply_pause(campaign, None)
        return own or self.call.operation != "pause"


class _Remembered(Provider):
    """A gateway caches the credential check by path, without the credential."""

    def prepare(self) -> None:
        self.seen: dict[tuple[str, str], Credential] = {}

    def authenticate(self, request: Request) -> Credential:
        key = (request.method, request.path)
        try:
            self.seen[key] = super().authenticate(request)
        except Refusal:
            if key not in self.seen:
                raise
        return self.seen[key]


class _OtherSchemeCrashes(Provider):
    """A header of another scheme is decoded as Basic, without a net."""

    def authenticate(self, request: Request) -> Credential:
        header = request.header("authorization")
        if header is not None and not header.lower().startswith("bearer"):
            raise crash()
        return super().authenticate(request)


class _NobodyAtNothingCrashes(Provider):
    """The log of refused sign-ins looks up the campaign, and does not always find one."""

    def perform(self, call: Call, request: Request) -> Answer:
        try:
            return super().perform(call, request)
        except Refusal as refusal:
            if refusal.status == 401 and self.look_up(call.id) is None:  # noqa: PLR2004 - a status
                raise crash() from None
            raise


_MATCHES: Final[tuple[tuple[str, _Match, str], ...]] = (
    (
        "token-prefix-is-enough",
        lambda sent, known: sent[:12] == known[:12],
        "tokens are found by their first letters",
    ),
    ("token-start-is-enough", lambda sent, known: len(sent) > 12 and known.startswith(sent), "LIKE 'token%'"),  # noqa: PLR2004
    (
        "token-in-any-case",
        lambda sent, known: sent.lower() == known.lower(),
        "the collation of the column does not tell cases apart",
    ),
    ("token-suffix-ignored", lambda sent, known: sent.startswith(known), "what follows the token is cut off"),
    (
        "token-ends-compared",
        lambda sent, known: sent[:8] + sent[-8:] == known[:8] + known[-8:],
        "tokens are compared as they are shown, first and last letters",
    ),
    (
        "token-length-compared",
        lambda sent, known: len(sent) == len(known) and sent[:3] == known[:3],
        "a format check stands for the look-up",
    ),
)

_STRANGERS: Final[
    tuple[tuple[str, Callable[[str | None], bool], Callable[[], Refusal] | None, int, str], ...]
] = (
    ("no-credential-pauses", _is_absent, None, 206, "who sends no header is taken for an inner caller"),
    ("empty-token-pauses", _is_empty, None, 206, "an empty token equals an unset one"),
    ("any-token-pauses", _is_present, None, 206, "the token's presence is checked, not the token"),
    ("everybody-pauses", _is_any, None, 206, "the check is switched off"),
    ("no-credential-403", _is_absent, _forbidden, 205, "401 and 403 are mixed up"),
    ("empty-token-403", _is_empty, _forbidden, 205, "401 and 403 are mixed up"),
    ("unknown-token-403", _is_present, _forbidden, 205, "401 and 403 are mixed up"),
    ("no-credential-crashes", _is_absent, crash, 100, "the header is taken apart before it is looked for"),
    ("empty-token-crashes", _is_empty, crash, 100, "the token's first letter is asked for"),
    ("unknown-token-crashes", _is_present, crash, 100, "the row that was not found is asked for its company"),
)

FAULTS: Final = (
    *(Fault(name, "authorization", why, 206, _matching(match)) for name, match, why in _MATCHES),
    *(Fault(name, "authorization", why, wfc, _answering(of, how)) for name, of, how, wfc, why in _STRANGERS),
    written("authorization", "readonly-pauses", _ReadonlyPauses, 206),
    written("authorization", "readonly-crashes", _ReadonlyCrashes, 100),
    written("authorization", "readonly-answered-200", _ReadonlyQuietly, 206),
    written("authorization", "foreign-pauses", _ForeignPauses, 206),
    written("authorization", "foreign-crashes", _ForeignCrashes, 100),
    written("authorization", "foreign-unreadable-pauses", _ForeignReads, 206),
    written("authorization", "foreign-paused-all-the-same", _ForeignPausedAllTheSame, 206),
    written("authorization", "credential-cached-by-path", _Remembered, 206),
    written("authorization", "other-scheme-crashes", _OtherSchemeCrashes, 100),
    written("authorization", "stranger-at-unknown-id-crashes", _NobodyAtNothingCrashes, 100),
)
