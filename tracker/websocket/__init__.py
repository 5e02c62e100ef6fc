"""WebSockets that hold, for any Quart application under Hypercorn. Nothing here knows about devices."""
