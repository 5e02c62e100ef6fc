"""Every limit of the room, and why it is there."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds are seconds in which the event loop ran: a process that was stopped for a while cuts nobody for it."""

    # One message
    message_bytes: int = 64 * 1024
    """A sender may not make us hold more than this before we have seen what it is; more is closed with 1009."""
    frames_per_s: int = 2_000
    """A frame of one byte costs as much as a real one; what comes faster than this for long is read later."""
    frames_ahead: int = 64
    """A sender that waits for our answers is at most a few frames too fast; so many that came at once and before their
    time are a flood, and are closed with 1008."""
    control_frames_per_s: int = 20
    """Pings cost an answer each, and no honest client needs many; more for long is closed with 1008."""
    burst_s: float = 10.0
    """Pings held back by a pause (ours or the network's) arrive at once; this many seconds' worth is honest."""

    # The handshake
    subprotocols: tuple[str, ...] = ()
    """Chosen where one of these is offered."""

    # One socket's life
    first_message_s: float | None = 10.0
    """A socket that never says anything is not a client; None where silence is normal."""
    ping_s: float = 20.0
    """Shorter than the idle timeout of proxies and mobile networks (30 s and up), which a silent socket would hit."""
    pong_s: float = 10.0
    """A peer that is gone answers no ping; without this a half-open connection lives until TCP gives up, 15 minutes."""
    write_s: float = 10.0
    """A reader that takes nothing for this long is cut: what is kept for it only grows old."""
    taken_bytes: int = 4 * 1024
    """So much of an answer over HTTP has to be taken in that time: its reader may be a stranger, and one that takes it
    byte by byte would keep its place for days."""
    buffered_bytes: int = 1024 * 1024
    """What may be sent to a reader behind a message it is still taking, however large that one is; a sender that
    ignores `buffered` cuts its reader here."""
    close_s: float = 3.0
    """A peer that never answers our close may not keep the connection."""
    unread_bytes: int = 16 * 1024 * 1024
    """What a peer still sends while we close is thrown away up to here, so that it can read why; then it is reset."""

    # Close codes the room chooses
    silent_code: int = 4001
    """No pong in time."""
    stalled_code: int = 4008
    """Reads too slowly. It seldom reaches the peer, whose buffers are full, but it is what `closed` is told."""
    first_message_code: int = 4501
    """Nothing was said in time."""

    # One connection before it is a WebSocket
    handshake_s: float = 5.0
    """TLS and the head of a request must be there by then; it is what keeps slow connections from piling up."""
    answer_s: float = 15.0
    """The application must have accepted or refused a WebSocket by then, or the connection is cut."""
    keep_alive_s: float = 15.0
    """An idle HTTP connection is worth keeping for the next request of a page, not longer."""
    head_bytes: int = 16 * 1024
    """Cookies and tokens fit easily; more is answered with 431."""
    head_lines: int = 128
    """Each header costs time in every layer above; more is answered with 431."""

    # All connections
    connections: int = 20_000
    """Memory and descriptors are finite. Lowered at start to what the descriptor limit of the process leaves."""
    spare_descriptors: int = 128
    """Kept free for the database, files and logs: a process out of descriptors can do none of its other work."""
    connections_per_address: int = 2_000
    """One host (for IPv6: one /64) may not take all places; more get 429. Mobile networks share addresses."""
    uncounted_addresses: tuple[str, ...] = ("127.0.0.1", "::1")
    """Proxies that speak for many clients; by default one on this machine."""
    backlog: int = 8_192
    """A restart brings everybody back at once; the kernel holds them while we work. (It caps this at somaxconn.)"""
    accepts_per_turn: int = 16
    """New connections taken per turn of the loop, so that a crowd at the door does not delay those inside."""
    requests_per_turn: int = 2
    """First requests begun per turn of the loop, for the same reason: a handshake costs a hundred messages."""
    send_buffer_bytes: int = 64 * 1024
    """Kernel memory for one reader that stopped reading; by default Linux grows it to 4 MiB, 40 GB for 10,000."""
    receive_buffer_bytes: int = 128 * 1024
    """Kernel memory for one sender we do not read from, and the most one read can bring."""
    unsent_bytes: int = 16 * 1024
    """What the kernel may hold unsent: beyond it a position only ages there. It counts as buffered instead."""
    user_timeout_s: float = 30.0
    """TCP itself gives up on a peer that acknowledges nothing for this long."""
