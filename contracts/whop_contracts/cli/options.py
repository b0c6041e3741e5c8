"""The flags of the settings table, as arguments of a command, and the settings that they make."""

from __future__ import annotations

import argparse
import os
from collections.abc import Container
from pathlib import Path
from typing import Final

from whop_contracts.settings import SETTINGS
from whop_contracts.settings.kinds import SWITCH
from whop_contracts.settings.sources import Loaded, load

_DEST: Final = "setting "
"""What stands before a setting's name among parsed arguments, so that a command's own cannot be taken for one."""


def add(parser: argparse.ArgumentParser, *, without: Container[str] = ()) -> None:
    """Add a flag for every setting of the command line. Texts are kept as they are; a switch has a ``--no-…`` to undo a lower layer's."""
    for setting in SETTINGS:
        if "command" not in setting.faces or setting.name in without:
            continue
        flag, dest = f"--{setting.key}", _DEST + setting.name
        if setting.kind is SWITCH:
            parser.add_argument(flag, dest=dest, action="store_const", const="true", help=setting.help)
            parser.add_argument(
                f"--no-{setting.key}", dest=dest, action="store_const", const="false", help=argparse.SUPPRESS
            )
        else:
            action = "append" if setting.repeatable else "store"
            parser.add_argument(flag, dest=dest, action=action, metavar=setting.metavar, help=setting.help)


def settings(arguments: argparse.Namespace, *, checked: bool = True) -> Loaded:
    """The settings of a command: its flags over the environment over a file of the current folder."""
    given = {
        name.removeprefix(_DEST): text
        for name, text in vars(arguments).items()
        if name.startswith(_DEST) and text is not None
    }
    return load(given, environ=os.environ, folder=Path.cwd(), checked=checked)
