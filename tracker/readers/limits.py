"""What a process may take. It binds itself, before it reads anything; nobody can give that back."""

import os
import resource

import msgspec

MB = 1024 * 1024


class Allowance(msgspec.Struct, frozen=True):
    """`memory` in bytes of address space: the program itself takes 180 MB of that. `seconds` of computing."""

    memory: int
    seconds: int


def bind(memory: int, seconds: int) -> None:
    """Last in line for the processor as well: an import may wait, a live position may not."""
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
