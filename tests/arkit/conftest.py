"""Hypothesis without a deadline: the machine is shared, and time is measured where it matters."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
