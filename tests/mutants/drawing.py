"""What may be wrong with a module: places where one word of it could be another, each a mutant."""

import ast
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COMPARED: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
COUNTED: Final[dict[type[ast.operator], tuple[str, str]]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
# In SQL, which is most of what store/ is. Only where a statement is: see `queries`.
STATEMENT: Final = re.compile(r"\b(select|insert into|update|delete from)\b")
WORDS: Final = (
    (r" and (?!\d)", " or "),
    (r" or ", " and "),
    (r" <= ", " < "),
    (r" >= ", " > "),
    (r" < ", " <= "),
    (r" > ", " >= "),
    (r" <> ", " = "),
    (r"(?<=where )not ", ""),
    (r" and not ", " and "),
    (r" is null", " is not null"),
    (r" is not null", " is null"),
    (r" desc\b", ""),
    (r"\bgreatest\(", "least("),
    (r"\bleast\(", "greatest("),
    (r"\bmin\(", "max("),
    (r"\bmax\(", "min("),
    (r" for update( skip locked)?", ""),
    (r" where (?=\w+ = \$)", " where true or "),
)


@dataclass(frozen=True)
class Mutant:
    """`place`: the function, or the module. `start` and `end` are offsets into the bytes of the file."""

    path: str
    place: str
    line: int
    before: str
    after: str
    start: int
    end: int
    context: str

    @property
    def name(self) -> str:
        """Stays the same while its line does, wherever in the file that stands."""
        return f"{self.path} {self.place}: `{self.context}`: `{self.before}` -> `{self.after}`"

    def apply(self, root: Path) -> None:
        file = root / self.path
        source = file.read_bytes()
        file.write_bytes(source[: self.start] + self.after.encode() + source[self.end :])


def draw(root: Path, folders: list[str], count: int, seed: int) -> list[Mutant]:
    """So many of all there could be, each folder as likely as its size."""
    found = [
        mutant
        for folder in folders
        for path in sorted((root / "tracker" / folder).rglob("*.py"))
        for mutant in find_mutants(path.relative_to(root).as_posix(), path.read_bytes())
    ]
    return random.Random(seed).sample(found, min(count, len(found)))


def find_mutants(path: str, source: bytes) -> list[Mutant]:
    found = Finder(path, source)
    found.visit(ast.parse(source))
    return sorted(found.mutants, key=lambda mutant: mutant.start)


class Finder(ast.NodeVisitor):
    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.places: list[str] = []
        self.mutants: list[Mutant] = []

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def add(self, start: int, end: int, after: str) -> None:
        line = self.source.count(b"\n", 0, start) + 1
        context = self.source.splitlines()[line - 1].decode().strip()
        before = self.source[start:end].decode()
        place = ".".join(self.places) or "module"
        self.mutants.append(Mutant(self.path, place, line, before, after, start, end, context))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.places.append(node.name)
        self.generic_visit(node)
        self.places.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.places.append(node.name)
        for child in (*node.decorator_list, node.args, *node.body):  # what it says that it returns is no code
            self.visit(child)
        self.places.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:  # what is an annotation is no code
            self.visit(node.value)

    def visit_arguments(self, node: ast.arguments) -> None:
        for default in (*node.defaults, *(each for each in node.kw_defaults if each)):
            self.visit(default)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg != "frozen":  # whoever uses the program could not see it; tests/unit/test_layout.py keeps it
            self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            before, after = COMPARED[type(operator)]
            self.swap(self.span(left)[1], self.span(right)[0], before, after)
            left = right
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if words := COUNTED.get(type(node.op)):
            self.swap(self.span(node.left)[1], self.span(node.right)[0], *words)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.swap(self.span(left)[1], self.span(right)[0], *words)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            start = self.span(node)[0]
            self.add(start, start + len("not "), "")
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        for after in ("True", "False"):
            self.add(*self.span(node.test), after)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self.add(*self.span(node), str(not node.value))
        elif isinstance(node.value, int) and abs(node.value) < 10:
            self.add(*self.span(node), str(node.value + 1))

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return  # a docstring
        if not isinstance(node.value, ast.Yield):
            self.add(*self.span(node), "pass")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.add(*self.span(node), "pass")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not isinstance(node.value, ast.Constant):
            self.add(*self.span(node), "return None")
        self.generic_visit(node)

    def swap(self, start: int, end: int, before: str, after: str) -> None:
        """The operator between two operands, where nothing but spaces and brackets stands beside it."""
        between = self.source[start:end].decode()
        found = re.search(rf"(?<![\w<>=!*/]){re.escape(before)}(?![\w<>=*/])", between)
        if found:
            offset = start + len(between[: found.start()].encode())
            self.add(offset, offset + len(before.encode()), after)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self.mutate_query(node)

    def generic_visit(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                self.mutate_query(child)
            else:
                self.visit(child)

    def mutate_query(self, node: ast.Constant | ast.JoinedStr) -> None:
        start, end = self.span(node)
        text = self.source[start:end].decode()
        if not STATEMENT.search(text):
            return
        for pattern, after in WORDS:
            for found in re.finditer(pattern, text):
                offset = start + len(text[: found.start()].encode())
                self.add(offset, offset + len(found[0].encode()), after)
