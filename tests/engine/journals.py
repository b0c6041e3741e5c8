"""States for journals."""

from whop_contracts.pause.evidence import State, read_state


def state_of(status: str, paused_until: str | None) -> State:
    """The state that a document with these members shows."""
    return read_state({"status": status, "paused_until": paused_until})
