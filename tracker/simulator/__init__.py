"""Devices that behave like real ones: vehicles on a road graph, and recorded tracks."""
