"""A private PostGIS: a cluster of our own from the PostgreSQL binaries of the system."""
