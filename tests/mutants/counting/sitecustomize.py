"""Each Python that starts with this folder on its PYTHONPATH notes which functions of the program it runs through:
tests, and servers in processes of their own.

A function notes it by a byte of a file that all of them share. To set one costs nothing to speak of, where a profiler
costs a server half of its time again, and sees one thread.
"""

import ast
import builtins
import mmap
import os
import sys
import zlib
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

COUNTED_IN: Final = "COUNTED_IN"  # no name of ours, which a test's server is not given
SLOTS: Final = 1 << 20  # two functions in one are some ten of all, and cost a test too many
ROOT: Final = Path(__file__).resolve().parents[3]


def find_slot(path: str, place: str) -> int:
    return zlib.crc32(f"{path} {place}".encode()) % SLOTS


class Notes(ast.NodeTransformer):
    """Puts the note before the first statement of each function. `places`: which there are."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.within: list[str] = []
        self.places: list[str] = []

    def visit_ClassDef(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self.visit_ClassDef(node)
        place = ".".join((*self.within, node.name))
        self.places.append(place)
        note = ast.parse(f"__counted__[{find_slot(self.path, place)}] = 1").body[0]
        for each in ast.walk(note):
            ast.copy_location(each, node.body[0])
        node.body.insert(0 if ast.get_docstring(node, clean=False) is None else 1, note)
        return node

    visit_AsyncFunctionDef = visit_FunctionDef


class Counting(SourceFileLoader):
    def source_to_code(self, data: bytes, path: str, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        tree = Notes(Path(path).resolve().relative_to(ROOT).as_posix()).visit(ast.parse(data, path))
        made: CodeType = compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)
        return made


class Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "tracker" and fullname != "tests.running":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader) and is_ours(spec.loader.path):
            spec.loader = Counting(spec.loader.name, spec.loader.path)
        return spec


def is_ours(path: str) -> bool:
    """And no copy of the program that a test has made."""
    return Path(path).resolve().is_relative_to(ROOT)


def open_counted(file: str) -> mmap.mmap:
    with open(file, "r+b") as opened:
        return mmap.mmap(opened.fileno(), SLOTS)


if COUNTED_IN in os.environ:
    builtins.__counted__ = open_counted(os.environ[COUNTED_IN])  # type: ignore[attr-defined]
    sys.meta_path.insert(0, Finder())
