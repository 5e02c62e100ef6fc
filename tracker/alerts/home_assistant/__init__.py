"""Devices as Home Assistant finds them by itself, through a broker."""
