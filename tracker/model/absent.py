"""Absent: a member that may be left out may be null instead, and means the same.

Members declared `X | None = None` need no help. Others have a default of another type, such as `rate: float = 4.0`; to
declare each of those nullable would bring a None into every reader of the value. So what does not fit is looked at once
more without such members. What fits, as almost all does, costs nothing.
"""

from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec.inspect import DictType, Field, ListType, Metadata, NoneType, StructType, Type, UnionType, VarTupleType

T = TypeVar("T")
FREE: Final = (msgspec.inspect.AnyType, msgspec.inspect.RawType)  # what is inside is not ours to read


def decode(text: str | bytes, kind: Any) -> Any:
    """JSON as `kind`. msgspec's errors."""
    decoder = _decoder_of(kind)
    try:
        return decoder.decode(text)
    except msgspec.ValidationError:
        given = msgspec.json.decode(text)
        kept = _without(given, _type_of(kind))
        if kept == given:
            raise
    return decoder.decode(msgspec.json.encode(kept))


def convert(value: Any, kind: type[T]) -> T:
    """The same of what is decoded already."""
    asked: Any = kind  # mypy does not take every type for hashable
    return msgspec.convert(_without(value, _type_of(asked)), kind)


@cache
def _decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _type_of(kind: Any) -> Type:
    return msgspec.inspect.type_info(kind)


def _without(value: Any, kind: Type) -> Any:
    """`value` without the members that are null, where `kind` says that they may be absent and not that they may be
    null."""
    match kind:
        case Metadata(type=inner):
            return _without(value, inner)
        case UnionType(types=types):
            chosen = _choose(value, types)
            return value if chosen is None else _without(value, chosen)
        case StructType(fields=fields) if isinstance(value, dict):
            known = {field.encode_name: field for field in fields}
            return {
                name: _without(each, known[name].type) if name in known else each
                for name, each in value.items()
                if not (each is None and name in known and _is_absent(known[name]))
            }
        case ListType(item_type=item) | VarTupleType(item_type=item) if isinstance(value, list):
            return value if isinstance(item, FREE) else [_without(each, item) for each in value]
        case DictType(value_type=item) if isinstance(value, dict):
            return value if isinstance(item, FREE) else {name: _without(each, item) for name, each in value.items()}
    return value


def _choose(value: Any, types: tuple[Type, ...]) -> Type | None:
    """The one of a union that this value is to be: an object by its tag, where there are several."""
    wanted = (StructType, DictType) if isinstance(value, dict) else (ListType, VarTupleType)
    found = [kind for kind in (_bare(each) for each in types) if isinstance(kind, wanted)]
    if len(found) < 2:
        return found[0] if found else None
    tagged = (kind for kind in found if isinstance(kind, StructType) and kind.tag_field)
    return next((kind for kind in tagged if value.get(kind.tag_field) == kind.tag), None)


def _is_absent(field: Field) -> bool:
    kind = _bare(field.type)
    types = kind.types if isinstance(kind, UnionType) else (kind,)
    return not field.required and not any(isinstance(_bare(each), (NoneType, *FREE)) for each in types)


def _bare(kind: Type) -> Type:
    return _bare(kind.type) if isinstance(kind, Metadata) else kind
