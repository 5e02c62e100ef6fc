"""What speaks for many devices: whom each of its names means, and what is kept of those nobody knows yet."""
