"""Devices that behave like real ones: vehicles on roads, recorded tracks, and what drives them."""
