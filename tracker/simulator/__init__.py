"""Devices that behave like real ones: a client of the device stream, vehicles on real roads, replays of recorded tracks."""
