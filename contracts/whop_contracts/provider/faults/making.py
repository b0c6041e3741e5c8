"""How faults are made: a table row, or a small class whose docstring says what bug it stands for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault, Kind
from whop_contracts.provider.messages import Operation

Edit = Callable[[Any], Any]
"""From the document of an answer, or a member of it, to what is sent instead."""


def written(kind: Kind, name: str, provider: type[Provider], wfc: int | None = None) -> Fault:
    """The fault of a class; its docstring's first line is the reason."""
    why = (provider.__doc__ or "").partition("\n")[0].rstrip(".")
    return Fault(name, kind, why[:1].lower() + why[1:], wfc, provider)


def answering(edit: Edit, *operations: Operation) -> type[Provider]:
    """A provider that edits the document of the operations' answers; of a pause's unless others are named."""
    edited = operations or ("pause",)

    class Answering(Provider):
        def present(self, operation: Operation, document: dict[str, Any]) -> Any:
            return edit(copy.deepcopy(document)) if operation in edited else document

    return Answering


def change(pointer: str, how: Edit) -> Edit:
    """The edit that changes the member at ``a/b``; where its parent is null or it is itself, nothing."""
    parent, _, child = pointer.rpartition("/")

    def edit(document: Any) -> Any:
        holder = document[parent] if parent else document
        if holder is not None and holder[child] is not None:
            holder[child] = how(holder[child])
        return document

    return edit


def put(pointer: str, value: Any) -> Edit:
    """The edit that sets the member at ``a/b``, null or not; where its parent is null, nothing."""
    parent, _, child = pointer.rpartition("/")

    def edit(document: Any) -> Any:
        holder = document[parent] if parent else document
        if holder is not None:
            holder[child] = value
        return document

    return edit


def drop(pointer: str) -> Edit:
    """The edit that leaves the member at ``a/b`` out; where its parent is null, nothing."""
    parent, _, child = pointer.rpartition("/")

    def edit(document: Any) -> Any:
        holder = document[parent] if parent else document
        if holder is not None:
            del holder[child]
        return document

    return edit
