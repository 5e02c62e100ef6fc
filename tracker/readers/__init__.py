"""Where files and drawings of strangers are read: processes of their own, with limits, so that none of it costs the
live path anything, and the machine no more than was granted."""
