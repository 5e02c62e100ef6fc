"""Rhythm: how often a device usually reports."""

Rhythm = tuple[float | None, ...]  # s between its fixes by the hour of the day (UTC), 24 of them; None: not known
