"""The nouns of the program: one file each, frozen values, no I/O. Everything imports these; they import nothing of ours."""
