"""Plane and sphere arithmetic for places and ways; WGS 84 exactness lives in geofence/."""
