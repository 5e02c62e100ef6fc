"""Tokens of people and scripts; those of devices are made with their devices."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.audit import note
from tracker.access.guard import allow
from tracker.access.tokens import issue
from tracker.api.edge import Page, Slug, answer, clean_name, empty, read_json, read_moment, read_query
from tracker.errors import Invalid, NotFound
from tracker.model.moment import format_ms, now_ms, parse
from tracker.model.token import Token, TokenKind
from tracker.store.holders import select_group_ids, select_group_key
from tracker.store.pool import borrow
from tracker.store.tokens import revoke_token, select_tokens

LATEST: Final = parse("3000-01-01T00:00:00Z")


class NewToken(msgspec.Struct, frozen=True):
    """`group`: whose the token is; null: of everything that is not private. An admin's is always that. `expires`: when
    it ends; null: when it is revoked."""

    kind: Literal["viewer", "dispatcher", "manager", "admin"]
    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    group: Slug | None = None
    expires: str | None = None


class TokenQuery(Page, frozen=True):
    after: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class TokenAnswer(msgspec.Struct, frozen=True):
    """`token` is there when it was just made, and never again; `group` and `expires` where it has them."""

    id: int
    kind: TokenKind
    name: str
    group: str | msgspec.UnsetType = msgspec.UNSET
    expires: str | msgspec.UnsetType = msgspec.UNSET
    token: str | msgspec.UnsetType = msgspec.UNSET


class TokenPage(msgspec.Struct, frozen=True):
    """`next` is the `after` of the next page; null on the last."""

    tokens: list[TokenAnswer]
    next: int | None


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("tokens", __name__, url_prefix="/api/tokens")

    @routes.get("")
    @document_querystring(TokenQuery)
    @document_response(TokenPage)
    @allow("own")
    async def list_tokens() -> Response:
        """List the tokens that work, without their secrets."""
        query = read_query(TokenQuery)
        async with borrow(pool) as conn:
            tokens = await select_tokens(conn, after=query.after, limit=query.most)
            ids = await select_group_ids(conn, {each.group for each in tokens if each.group is not None})
        last = tokens[-1].id if len(tokens) == query.most else None
        return answer(TokenPage([_make_answer(token, ids) for token in tokens], last))

    @routes.post("")
    @document_request(NewToken)
    @document_response(TokenAnswer, 201)
    @allow("own")
    async def create_token() -> Response:
        """Make a token for a program: for all that is not private, or for one group."""
        new = await read_json(NewToken)
        name, expires = clean_name(new.name, "name") if new.name else "", _read_expires(new)
        if new.group is not None and new.kind == "admin":
            raise Invalid("group: an admin's token is of everything", field="group")
        async with borrow(pool) as conn, conn.transaction():
            group = None if new.group is None else await select_group_key(conn, new.group)
            if new.group is not None and group is None:
                raise Invalid(f"group: there is no group {new.group}", field="group")
            token, secret = await issue(conn, new.kind, name=name, group=group, expires=expires)
            await note(conn, "token.made", token.id, kind=new.kind)
        return answer(_make_answer(token, {group: new.group}, secret), 201)

    @routes.delete("/<int:id>")
    @allow("own")
    async def revoke(id: int) -> Response:
        """End a token; its sign-ins and open sockets end with it."""
        async with borrow(pool) as conn, conn.transaction():
            if id > 2**31 - 1 or not await revoke_token(conn, id):
                raise NotFound(f"there is no token {id}")
            await note(conn, "token.revoked", id)
        return empty()

    return routes


def _read_expires(new: NewToken) -> int | None:
    if new.expires is None:
        return None
    expires = read_moment(new.expires, "expires")
    if not now_ms() < expires < LATEST:
        raise Invalid("expires: in the future, and before the year 3000", field="expires")
    return expires


def _make_answer(token: Token, groups: Mapping[int | None, str | None], secret: str | None = None) -> TokenAnswer:
    expires = msgspec.UNSET if token.expires is None else format_ms(token.expires)
    group = msgspec.UNSET if token.group is None else groups.get(token.group) or msgspec.UNSET
    return TokenAnswer(token.id, token.kind, token.name, group, expires, secret if secret else msgspec.UNSET)
