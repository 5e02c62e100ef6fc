"""The nouns of the program: one file each, frozen values, no I/O. Everything imports them; they import nothing."""
