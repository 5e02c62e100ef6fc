"""Devices that behave like real ones: a client of the device stream, vehicles on roads, recorded tracks."""
