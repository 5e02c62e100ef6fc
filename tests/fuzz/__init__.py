"""The codecs of phones' apps, tried with what nobody would write: `python -m tests.fuzz`, as a long run does."""
