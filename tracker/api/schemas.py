"""Schemas: what a kind looks like in JSON, told so that generators of clients understand it.

A body and an answer of one kind differ: what has a default may be left out of a body and is always in an answer.
"""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, Final

import msgspec
from msgspec.inspect import StructType, type_info
from msgspec.json import schema_components

REF: Final = "#/components/schemas/"
BODY: Final = "..body"  # ends the names of bodies until all are known; no class can be called so
Schema = dict[str, Any]


def body_schema(kind: Any) -> tuple[Schema, dict[str, Schema]]:
    """A reference to the schema of what may be sent to us, and that schema with all it refers to, by name."""
    (schema,), components = schema_components([kind], ref_template=REF + "{name}" + BODY)
    return _plain(schema), {name + BODY: _optional(_untitled(each)) for name, each in components.items()}


def answer_schema(kind: Any) -> tuple[Schema, dict[str, Schema]]:
    """The same of what we send: every field is in it, but for those that are left out on purpose."""
    (schema,), components = schema_components([kind], ref_template=REF + "{name}")
    sparse = {each.__name__ for each in _structs(type_info(kind)) if each.__struct_config__.omit_defaults}
    for name, component in components.items():
        components[name] = (_optional if name in sparse else _complete)(_untitled(component))
    return _plain(schema), components


def query_schema(schema: Schema) -> Schema:
    """Of a parameter: there is no null in a query string, only absence."""
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        schema = {name: value for name, value in schema.items() if name != "anyOf"} | choices[0]
    return {name: value for name, value in schema.items() if (name, value) != ("default", None)}


def settled(document: Schema) -> Schema:
    """A body whose kind is nowhere answered, or answered alike, takes the plain name; another one ends in Input."""
    texts = {name: _text(each) for name, each in document["components"]["schemas"].items()}
    bodies = {name: name.removesuffix(BODY) for name in texts if name.endswith(BODY)}
    own = {
        name
        for name, plain in bodies.items()
        if texts.get(plain, texts[name]).replace(BODY, "") != texts[name].replace(BODY, "")
    }
    while found := {name for name in bodies if name not in own and any(f'{each}"' in texts[name] for each in own)}:
        own |= found  # what refers to another one is another one
    text = _text(document)
    for name, plain in bodies.items():
        text = text.replace(f'{name}"', f'{plain}Input"' if name in own and plain in texts else f'{plain}"')
    settled: Schema = msgspec.json.decode(text)
    return settled


def _text(schema: Schema) -> str:
    return msgspec.json.encode(schema, order="sorted").decode()


def _untitled(component: Schema) -> Schema:
    """Its name is its title; two of one title would be two classes of one name."""
    return _plain({name: value for name, value in component.items() if name != "title"})  # type: ignore[no-any-return]


def _plain(node: Any) -> Any:
    """Without `items: false` behind `prefixItems`, which generators of Python and Go refuse; the length says it too."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _plain(value) for name, value in node.items()}
    if plain.get("items") is False:
        plain["items"] = {}
    if "discriminator" in plain:
        plain["oneOf"] = plain.pop("anyOf")
    if isinstance(plain.get("description"), str):
        plain["description"] = cleandoc(plain["description"])
    return plain


def _optional(component: Schema) -> Schema:
    """A default is a word and not a keyword: with the keyword openapi-typescript makes the field a required one."""
    for field in component.get("properties", {}).values():
        default = field.pop("default", None)
        if default not in (None, {}, "") and "$ref" not in field:
            field["description"] = f"{msgspec.json.encode(default).decode()} where it is absent"
    return component


def _complete(component: Schema) -> Schema:
    required = component.get("required", [])
    for name, field in component.get("properties", {}).items():
        if "default" in field:
            del field["default"]
            required = [*required, name]
    return component | ({"required": required} if "properties" in component else {})


def _structs(info: Any, seen: frozenset[type] = frozenset()) -> Iterator[type[msgspec.Struct]]:
    """Every Struct that a type is made of."""
    if isinstance(info, StructType):
        if info.cls in seen:
            return
        yield info.cls
        seen |= {info.cls}
        parts: list[Any] = [field.type for field in info.fields]
    else:
        parts = [getattr(info, name) for name in ("item_type", "key_type", "value_type", "type") if hasattr(info, name)]
        parts += [*getattr(info, "types", ()), *getattr(info, "item_types", ())]
    for part in parts:
        yield from _structs(part, seen)
