"""Tokens of people and scripts; those of devices are made with their devices."""

from typing import Annotated, Literal

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_request, document_response

from tracker.access.guard import allow
from tracker.access.tokens import issue
from tracker.api.edge import Page, answer, clean_name, empty, read_json, read_query
from tracker.errors import NotFound
from tracker.model.token import Token, TokenKind
from tracker.store.pool import borrow
from tracker.store.tokens import revoke_token, select_tokens


class NewToken(msgspec.Struct, frozen=True):
    kind: Literal["viewer", "admin"]
    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class TokenQuery(Page, frozen=True):
    after: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0


class TokenAnswer(msgspec.Struct, frozen=True):
    """`token` is there when it was just made, and never again."""

    id: int
    kind: TokenKind
    name: str
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
        last = tokens[-1].id if len(tokens) == query.most else None
        return answer(TokenPage([_make_answer(token) for token in tokens], last))

    @routes.post("")
    @document_request(NewToken)
    @document_response(TokenAnswer, 201)
    @allow("own")
    async def create_token() -> Response:
        """Make a token for a viewer or an admin."""
        new = await read_json(NewToken)
        async with borrow(pool) as conn:
            name = clean_name(new.name, "name") if new.name else ""
            token, secret = await issue(conn, new.kind, name=name)
        return answer(_make_answer(token, secret), 201)

    @routes.delete("/<int:id>")
    @allow("own")
    async def revoke(id: int) -> Response:
        """End a token; its sign-ins and open sockets end with it."""
        async with borrow(pool) as conn:
            if id > 2**31 - 1 or not await revoke_token(conn, id):
                raise NotFound(f"there is no token {id}")
        return empty()

    return routes


def _make_answer(token: Token, secret: str | None = None) -> TokenAnswer:
    return TokenAnswer(token.id, token.kind, token.name, secret if secret else msgspec.UNSET)
