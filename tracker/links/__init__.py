"""Sharing links: a world of their own. What a link shows leaves through its veil, and nothing else is read for it."""
