"""The shape of the code, kept by a test: which way imports go, how long things may get, what names are not used."""

import ast
import os
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "tracker"

# A room may import itself and what is named here. What is not named may import anything: it composes the rest.
MAY_IMPORT: Final = {
    "model": set[str](),
    "errors": set[str](),
    "logs": set[str](),
    "metrics": set[str](),
    "words": set[str](),
    "geo": {"model", "words"},
    "settings": {"errors"},
    "xml": {"errors"},
    "websocket": set[str](),
    "pipeline": {"model", "geo", "geofence", "errors"},
    "geofence": {"model", "geo", "errors", "xml"},
    "store": {"model", "errors", "geofence", "logs"},
    "postgis": {"errors"},
    "setup": {"errors", "postgis"},
    "access": {"model", "errors", "store"},
    "live": {"model", "errors", "geo", "store", "access", "websocket", "metrics", "logs"},
    "alerts": {"client", "geo", "model", "errors", "settings", "store", "metrics", "logs", "words"},
    "ingest": {
        "alerts",
        "logs",
        "model",
        "errors",
        "geo",
        "pipeline",
        "geofence",
        "store",
        "access",
        "live",
        "websocket",
        "metrics",
    },
    "phones": {"model", "geo", "pipeline", "words"},
    "links": {"model", "errors", "geo", "geofence", "store", "access", "live", "logs"},
    "readers": {"model", "errors", "geofence", "store"},
    "dry_run": {"model", "errors", "geo", "geofence", "pipeline", "readers", "store"},
    "api": {
        "alerts",
        "words",
        "dry_run",
        "readers",
        "model",
        "errors",
        "geo",
        "geofence",
        "store",
        "access",
        "links",
        "live",
        "metrics",
        "logs",
        "phones",
        "streets",
    },
    "streets": {"errors"},
    "client": {"model", "errors"},
    "receiver": {"client", "model", "errors"},
    "traccar": {"model", "errors"},
    "simulator": {"client", "model", "errors", "geo", "xml"},
}
# Decisions are values in, values out: nothing that waits, asks the time, talks or writes.
PURE: Final = (
    *("pipeline", "phones", "geofence", "geo", "dry_run/leads.py", "dry_run/trial.py"),
    *("links/grid.py", "links/holes.py", "links/veil.py"),
)
IMPURE_MODULES: Final = {
    "asyncio",
    "asyncpg",
    "hypercorn",
    "logging",
    "picows",
    "quart",
    "random",
    "socket",
    "structlog",
    "threading",
    "time",
}
STANDARD_ONLY: Final = ("setup", "postgis", "errors")  # they run before the environment is there
INSTALLED: Final = {"asyncpg", "click", "msgspec", "numpy", "quart", "shapely", "structlog", "rich", "uvloop", "httpx2"}

FILE_LINES: Final = 350
FUNCTION_LINES: Final = 60
PARAMETERS: Final = 6  # more that travel together are a noun
MORE_PARAMETERS: Final = {  # why these take more
    "tracker/cli.py: stream": "click passes each option of a command by its name",
}
FROZEN: Final = ("model", "pipeline", "ingest", "store")
IN_THE_MAKING: Final = {"Noted", "Shipment"}  # known to one function, or to one transaction, until they are whole
OTHER_SIDE: Final = ("client", "simulator")  # what speaks to the server
FORBIDDEN_STEMS: Final = re.compile(r"(^|[_-])(utils?|helpers?|common|managers?|services?|misc)([_-]|$)")
BROAD_EXCEPTS: Final = 3
HOME_PATHS: Final = re.compile(r"(?<![\w.])/(work|root|home/\w+)/")

SCRIPT_IMPORT: Final = re.compile(r"""\b(?:from|import)\s*\(?\s*['"](\.{1,2}/[^'"]+)['"]""")

TEXT: Final = {".py", ".sql", ".ts", ".tsx", ".css", ".html", ".toml", ".md", ".yml", ".sh"}

Source = tuple[Path, ast.Module]


def sources() -> list[Source]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(PACKAGE.rglob("*.py"))]


SOURCES: Final = sources()


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of what is imported; `from a import b` may mean the module a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_one_way() -> None:
    wrong = [
        f"{short(path)} imports {name}"
        for path, tree in SOURCES
        if (allowed := MAY_IMPORT.get(room_of(path))) is not None
        for name in imported(tree)
        if name.startswith("tracker.") and name.split(".")[1] not in allowed | {room_of(path)}
    ]
    assert not wrong


def find_circle(arrows: Mapping[str, set[str]]) -> list[str]:
    """The first circle there is, each name imported by the next; none: empty."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_arrows(sources: list[Source]) -> dict[str, set[str]]:
    """What each of our modules imports of ours: at its head, under TYPE_CHECKING, and inside functions."""
    modules = {module_of(path) for path, _ in sources}
    arrows: dict[str, set[str]] = {}
    for path, tree in sources:
        module = module_of(path)
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        names = {name for node in ast.walk(tree) for name in absolute_names(node, package)}
        arrows[module] = {name if name in modules else name.rpartition(".")[0] for name in names} & modules - {module}
    return arrows


def absolute_names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        yield from (".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names)


def test_no_module_is_imported_by_what_it_imports() -> None:
    assert not find_circle(find_arrows(SOURCES))


@pytest.mark.parametrize(
    "back",
    [
        "from tracker.live.hub import Hub",
        "from tracker.live import hub",
        "from .hub import Hub",
        "from . import hub",
        "import tracker.live.hub",
        "if TYPE_CHECKING:\n    from tracker.live.hub import Hub",
        "def late():\n    from tracker.live.hub import Hub",
    ],
)
def test_a_circle_is_found(back: str) -> None:
    hub, viewer = "from tracker.live.viewer import Viewer", f"from tracker.model.fix import Fix\n{back}"
    sources = [(PACKAGE / "live" / f"{name}.py", ast.parse(text)) for name, text in (("hub", hub), ("viewer", viewer))]
    assert set(find_circle(find_arrows(sources))) == {"tracker.live.hub", "tracker.live.viewer"}
    assert not find_circle(find_arrows(sources[:1]))


def find_script_arrows(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """The same of TypeScript, by the names of the files; `import type` counts too."""
    arrows = {}
    for name, text in sources.items():
        stems = {(Path(name).parent / found) for found in SCRIPT_IMPORT.findall(text)}
        paths = {str(Path(os.path.normpath(stem))) for stem in stems}
        arrows[name] = {path + kind for path in paths for kind in ("", ".ts", ".tsx")} & sources.keys()
    return arrows


def test_no_part_of_the_page_is_imported_by_what_it_imports() -> None:
    page = ROOT / "web/src"
    sources = {str(path.relative_to(page)): path.read_text(encoding="utf-8") for path in page.rglob("*.ts*")}
    arrows = find_script_arrows(sources)
    assert sum(map(len, arrows.values())) > len(sources)  # it reads them at all
    assert not find_circle(arrows)


@pytest.mark.parametrize("form", ["import { a } from '{}';", "import type { A } from '{}';", "export * from '{}';"])
def test_a_circle_of_the_page_is_found(form: str) -> None:
    sources = {"map/a.ts": form.replace("{}", "../live/b"), "live/b.tsx": form.replace("{}", "../map/a")}
    assert set(find_circle(find_script_arrows(sources))) == set(sources)


def test_the_rooms_in_the_table_exist() -> None:
    assert set(MAY_IMPORT) <= {room_of(path) for path, _ in SOURCES}


@pytest.mark.parametrize(("rooms", "forbidden"), [(PURE, IMPURE_MODULES), (STANDARD_ONLY, INSTALLED)])
def test_rooms_without_certain_modules(rooms: tuple[str, ...], forbidden: set[str]) -> None:
    wrong = [
        f"{short(path)} imports {name}"
        for path, tree in SOURCES
        if room_of(path) in rooms or str(path.relative_to(PACKAGE)) in rooms
        for name in imported(tree)
        if name.split(".")[0] in forbidden
    ]
    assert not wrong


def sized_files() -> Iterator[Path]:
    yield from PACKAGE.rglob("*.py")
    yield from (ROOT / "sql").glob("*.sql")
    yield from (ROOT / "bench").rglob("*.py")
    for kind in ("ts", "tsx", "css"):
        yield from (ROOT / "web/src").rglob(f"*.{kind}")


def test_files_end_in_time() -> None:
    lines = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sized_files()}
    assert not {path: count for path, count in lines.items() if count > FILE_LINES}


def test_functions_end_in_time() -> None:
    long = [
        f"{short(path)}: {node.name} has {lines} lines"
        for path, tree in SOURCES
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and (lines := node.end_lineno - node.lineno + 1) > FUNCTION_LINES
    ]
    assert not long


def count_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without self, which nobody passes."""
    given = function.args
    named = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(named) - (named[:1] in (["self"], ["cls"])) + (given.vararg is not None) + (given.kwarg is not None)


def test_what_travels_together_is_a_value() -> None:
    many = {
        f"{short(path)}: {node.name}"
        for path, tree in SOURCES
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and count_parameters(node) > PARAMETERS
    }
    assert many == set(MORE_PARAMETERS)


def is_record(node: ast.ClassDef) -> bool:
    """Whether all that it says of itself is which fields it has."""
    made_by = *node.bases, *(each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return any(ast.unparse(each) in ("msgspec.Struct", "dataclass") for each in made_by)


def is_frozen(node: ast.ClassDef) -> bool:
    calls = [each for each in node.decorator_list if isinstance(each, ast.Call)]
    words = *node.keywords, *(word for call in calls for word in call.keywords)
    return any(word.arg == "frozen" and ast.unparse(word.value) == "True" for word in words)


def test_what_goes_through_the_program_is_frozen() -> None:
    changing = {
        node.name
        for path, tree in SOURCES
        if room_of(path) in FROZEN
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and is_record(node) and not is_frozen(node)
    }
    assert changing == IN_THE_MAKING


def test_files_are_named_after_a_noun_of_the_domain() -> None:
    assert not [short(path) for path in sized_files() if FORBIDDEN_STEMS.search(path.stem.lower())]


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it catches everything and keeps it: what is raised again at the end is not caught."""
    if isinstance(last := handler.body[-1], ast.Raise) and last.exc is None:
        return False
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in BROAD) for kind in kinds)


BROAD: Final = ("Exception", "BaseException")
ERRORS: Final = ("Error", "Exception")


def test_errors_are_caught_by_name() -> None:
    broad = [
        f"{short(path)}:{node.lineno}"
        for path, tree in SOURCES
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]
    assert len(broad) <= BROAD_EXCEPTS, broad


def test_nothing_names_a_place_on_one_machine() -> None:
    folders = ("tracker", "tests", "bench", "sql", "docs", "web/src", "web/tests", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")] + list(ROOT.iterdir())
    wrong = [
        short(path)
        for path in files
        if path.suffix in TEXT and path != Path(__file__) and HOME_PATHS.search(path.read_text(encoding="utf-8"))
    ]
    assert not wrong


def find_nouns() -> set[tuple[str, str]]:
    """All our types with their rooms, but for errors, which are sentences."""
    return {
        (room_of(path), node.name)
        for path, tree in SOURCES
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not any(ast.unparse(base).endswith(ERRORS) for base in node.bases)
    }


def find_nouns_between_rooms() -> set[str]:
    """The types that a room takes from another."""
    nouns = find_nouns()
    return {
        name.rpartition(".")[2]
        for path, tree in SOURCES
        for name in imported(tree)
        if name.startswith("tracker.") and (room := name.split(".")[1]) not in ("errors", room_of(path))
        if (room, name.rpartition(".")[2]) in nouns
    }


def test_no_two_types_have_one_name() -> None:
    """But for a client's side of the protocol, which has the words of the server's: the two share no code, so that the
    client is an example of one written by somebody else."""
    rooms: dict[str, list[str]] = {}
    for path, tree in SOURCES:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and room_of(path) not in OTHER_SIDE:
                rooms.setdefault(node.name, []).append(short(path))
    assert not {name: paths for name, paths in rooms.items() if len(paths) > 1}


def test_the_page_of_words_and_folders_is_complete() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    begin, end = text.index("## The words"), text.index("## Life of a fix")
    words = set(re.findall(r"\*\*(\w+)\*\*", text[begin:end]))
    nouns = {name for room, name in find_nouns() if room == "model"} | find_nouns_between_rooms()
    assert not sorted(nouns - words)
    rooms = [path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()]
    assert not [room for room in rooms if f"\ntracker/{room}/ " not in text]


def test_what_takes_long_to_import_is_imported_where_it_is_used() -> None:
    """webauthn takes up to a third of a second of each start, for what few use: one module has it, and that one is
    imported within a function."""
    having = {short(path) for path, tree in SOURCES if any(each.split(".")[0] == "webauthn" for each in imported(tree))}
    assert having == {"tracker/access/signing.py"}
    at_the_head = {
        short(path)
        for path, tree in SOURCES
        for statement in tree.body
        if isinstance(statement, ast.Import | ast.ImportFrom)
        and any(each.startswith("tracker.access.signing") for each in imported(statement))
    }
    assert not at_the_head


def test_each_migration_has_a_number_of_its_own() -> None:
    """Two that were written beside each other may take the same, and then no server starts."""
    numbers = [path.name.partition("_")[0] for path in sorted((ROOT / "sql").glob("*.sql"))]
    assert len(numbers) == len(set(numbers))
