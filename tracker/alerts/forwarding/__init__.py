"""What of a device goes on to another server."""
