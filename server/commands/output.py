"""What the commands say: progress on the terminal, JSON for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

_QUIET_SECONDS = 2.0  # anything shorter needs no bar
_BAR_WIDTH = 28


def say(text: str = "") -> None:
    """Print a line for people."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object for machines."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


class ProgressBar:
    """A bar on standard error that appears after two seconds, and only on a terminal."""

    def __init__(self, enabled: bool = True) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._started = time.monotonic()
        self._drawn = False

    def show(self, stage: str, fraction: float) -> None:
        """Draw `fraction` (0..1) of the stage."""
        if not self._enabled or time.monotonic() - self._started < _QUIET_SECONDS:
            return
        filled = round(_BAR_WIDTH * min(max(fraction, 0.0), 1.0))
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        sys.stderr.write(f"\r{stage:<10} [{bar}] {fraction:4.0%}")
        sys.stderr.flush()
        self._drawn = True

    def close(self) -> None:
        """Leave the line free for what is printed next."""
        if self._drawn:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self._drawn = False
