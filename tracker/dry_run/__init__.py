"""Dry runs: what a geofence would have told of the stored history. In a process of its own, so that the live path never
waits for it: a thread that computes takes 5 ms from the event loop's every callback."""
