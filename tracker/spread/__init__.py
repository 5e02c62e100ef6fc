"""One installation on several processes: what they say to each other, over NATS, which may lose any of it."""
