"""Where a person is signed in, and the end of it."""

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_response

from tracker.access.audit import note
from tracker.access.guard import allow, caller
from tracker.access.relation import own_person
from tracker.api.edge import answer, empty
from tracker.errors import NotFound
from tracker.model.moment import format_ms, from_datetime
from tracker.store.pool import borrow
from tracker.store.sessions import OpenSession, delete_session, delete_sessions, select_sessions


class SessionAnswer(msgspec.Struct, frozen=True):
    """`program`: what the browser calls itself. `current`: the one that asks."""

    id: int
    since: str
    seen: str
    expires: str
    address: str | None
    program: str | None
    current: bool


class SessionList(msgspec.Struct, frozen=True):
    sessions: list[SessionAnswer]


def blueprint(pool: asyncpg.Pool) -> Blueprint:
    routes = Blueprint("people_sessions", __name__, url_prefix="/api/people/<int:person>/sessions")

    @routes.get("")
    @document_response(SessionList)
    @allow("self")
    async def list_sessions(person: int) -> Response:
        """List where a person is signed in, the one used last first."""
        async with borrow(pool) as conn:
            await own_person(conn, person)
            found = await select_sessions(conn, person)
        return answer(SessionList([_make_answer(each) for each in found]))

    @routes.delete("")
    @allow("self")
    async def end_sessions(person: int) -> Response:
        """Sign a person out everywhere, but for the session that asks."""
        async with borrow(pool) as conn, conn.transaction():
            await own_person(conn, person)
            await delete_sessions(conn, person, but=_own_session())
            await note(conn, "session.ended", person, all=True)
        return empty()

    @routes.delete("/<int:session>")
    @allow("self")
    async def end_session(person: int, session: int) -> Response:
        """End one session; its open sockets end with it."""
        async with borrow(pool) as conn, conn.transaction():
            await own_person(conn, person)
            if session >= 2**31 or not await delete_session(conn, person, session):
                raise NotFound(f"there is no session {session}")
            await note(conn, "session.ended", person, session=session)
        return empty()

    return routes


def _own_session() -> int | None:
    token = caller()
    return token.session if token else None


def _make_answer(session: OpenSession) -> SessionAnswer:
    since, seen, expires = (
        format_ms(from_datetime(each)) for each in (session.created_at, session.seen_at, session.expires_at)
    )
    current = session.id == _own_session()
    return SessionAnswer(session.id, since, seen, expires, session.address, session.program, current)
