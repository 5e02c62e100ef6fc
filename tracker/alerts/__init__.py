"""Alerts: from an event to its subscriber, or to the word that it did not arrive."""
