"""A live location tracking server: fixes come in over WebSocket, are kept in PostGIS, and leave to the map."""

__version__ = "0.1.0"
