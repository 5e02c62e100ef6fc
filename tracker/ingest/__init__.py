"""How fixes come in: the device stream, its frames, and the one writer that makes them durable."""
