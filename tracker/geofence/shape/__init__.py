"""The ground: rings, ways and distances in arrays."""
