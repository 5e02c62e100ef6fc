"""Whatever the server may say to the page in a sentence, the German page says in German: each sentence that is written
in the rooms behind the page's requests is in its catalogue, and the catalogue has none that nobody says."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from tracker import errors

ROOT: Final = Path(__file__).resolve().parents[2]
CATALOGUES: Final = ("own", "geofences")  # "more" has the words of libraries, and what is put together of several
ROOMS: Final = (
    "access",
    "alerts",
    "api",
    "dry_run",
    "geofence",
    "links",
    "live",
    "model",
    "readers",
    "store",
    "xml.py",
)
# To a program, a terminal or a log, and never to the page.
ELSEWHERE: Final = {
    "tracker/alerts/carriers/push_encryption.py",
    "tracker/live/frames.py",
    "tracker/store/migrate.py",
    "tracker/store/reach.py",
}
KINDS: Final = {
    name
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, errors.TrackerError) and kind.__module__ == errors.__name__
} | {"ValueError"}
NOTING: Final = re.compile(r"^_?(tell|check_crs|_find_reason)|list\[str\]")  # functions: of notes, or parts of them
PLACE: Final = re.compile(r"\{[!#]?\}")
PREFIX: Final = re.compile(r"^[\w.\[\]{}-]+: ")  # of the field, as the page takes it off, too


def test_every_sentence_for_the_page_has_its_german() -> None:
    german = read_catalogues()
    assert sorted(said for said in find_sentences() if said not in german) == []


def test_the_german_catalogue_has_nothing_that_nobody_says() -> None:
    assert sorted(set(read_catalogues()) - find_sentences()) == []


def test_each_german_has_the_values_that_are_said() -> None:
    wrong = {said: to for said, to in read_catalogues().items() if said.count("{}") != len(PLACE.findall(to))}
    assert wrong == {}


def read_catalogues() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in CATALOGUES:
        found |= json.loads((ROOT / f"web/src/refusals/de-{name}.json").read_text("utf-8"))
    return found


def find_sentences() -> set[str]:
    globs = (room if room.endswith(".py") else f"{room}/**/*.py" for room in ROOMS)
    files = chain.from_iterable((ROOT / "tracker").glob(each) for each in globs)
    said = {
        PREFIX.sub("", each)
        for file in files
        if str(file.relative_to(ROOT)) not in ELSEWHERE
        for each in sentences_of(ast.parse(file.read_text("utf-8")))
    }
    said |= {(kind.__doc__ or "").strip() for kind in errors.HTTP_STATUS}
    return {each for each in said if re.search(r"[a-z]{2}", re.sub(r"\{\}", "", each)) and " " in each}


def sentences_of(tree: ast.Module) -> Iterator[str]:
    """All that errors are raised with, that is called a fault or the reason of something."""
    named = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        yield from notes_of(node, named)
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in KINDS:
                yield from texts_of(first, named)
            case ast.FunctionDef(name=name) if name.startswith("fault_of"):
                returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value)
                yield from chain.from_iterable(texts_of(each, named) for each in returned)
            case ast.keyword(arg="error" | "reason", value=value):
                yield from texts_of(value, named)
            case ast.Call(func=ast.Name(id="Verdict"), args=[_, _, told, *_]):
                yield from texts_of(told, named)
            case ast.Assign(
                targets=[ast.Name(id="wrong")], value=ast.Dict(keys=keys)
            ):  # what is said, by whether it is
                yield from chain.from_iterable(texts_of(key, named) for key in keys if key is not None)
            case ast.Call(func=ast.Name(id="refuse_code" | "_invalid"), args=[_, told, *_]):
                yield from texts_of(told, named)
            case ast.Call(func=ast.Attribute(attr="_put_aside"), args=[_, told]):
                yield from texts_of(told, named)
            case _:
                pass


def notes_of(node: ast.AST, named: dict[str, ast.expr]) -> Iterator[str]:
    """All that is noted of an import, and what is returned to be noted."""
    match node:
        case ast.Call(func=ast.Name(id="FeatureNote"), args=[_, told, *_]):
            yield from texts_of(told, named)
        case ast.Call(func=ast.Attribute(attr="say", value=ast.Name(id="told")), args=[_, told]):
            yield from texts_of(told, named)
        case ast.Call(func=ast.Attribute(attr="append", value=value), args=[told]) if is_notes(value):
            yield from texts_of(told, named)
        case ast.Assign(targets=[ast.Subscript(value=value, slice=told)]) if is_notes(value):
            yield from texts_of(told, named)
        case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value) if is_notes(target):
            yield from texts_of(value, named)
        case ast.FunctionDef(name=name, returns=ast.expr() as kind) if NOTING.search(f"{name} {ast.unparse(kind)}"):
            returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value)
            yield from chain.from_iterable(texts_of(each, named) for each in returned)
        case _:
            pass


def is_notes(node: ast.expr) -> bool:
    return ast.unparse(node).rstrip("s").endswith("note")


def texts_of(node: ast.expr, named: dict[str, ast.expr]) -> Iterator[str]:
    """With `{}` where a value goes."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from chain(texts_of(one, named), texts_of(other, named))
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            yield from chain.from_iterable(texts_of(each, named) for each in parts)
        case ast.ListComp(elt=told) | ast.Starred(value=told):
            yield from texts_of(told, named)
        case ast.Name(id=name) if name in named:
            yield from texts_of(named[name], {})
        case _:
            pass
