"""Rights: what each role may do. This table is the whole model; what is not in it is refused."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from tracker.model.token import Token, TokenKind

Role = Literal["viewer", "dispatcher", "manager"]
Action = Literal[
    "self",  # know who one is, sign out
    "send",  # speak as a device
    "see",  # devices, where they are and were, geofences, events
    "command",  # commands and messages to devices
    "share",  # links for others
    "devices",  # make, change and erase devices and pairs
    "geofences",  # make, change and erase geofences, import them, try them
    "alerts",  # subscriptions, and what became of their messages
    "told",  # the same of oneself: messages to one's own mail address or browser
    "people",  # who is in a group, and what is in it
    "own",  # the installation's: tokens, making and removing groups
]

Actions = frozenset[Action]
VIEWER: Final[Actions] = frozenset({"self", "see"})
DISPATCHER: Final[Actions] = VIEWER | frozenset[Action]({"command", "share"})
MANAGER: Final[Actions] = DISPATCHER | frozenset[Action]({"devices", "geofences", "alerts", "told", "people"})
OWNER: Final[Actions] = frozenset[Action](get_args(Action)) - frozenset[Action]({"send"})
HOLDS: Final[Mapping[TokenKind, Actions]] = {
    "viewer": VIEWER,
    "dispatcher": DISPATCHER,
    "manager": MANAGER,
    "admin": OWNER,  # and a person who owns the installation
    "device": frozenset({"self", "send", "share"}),  # itself, for a day
    "link": frozenset({"self"}),  # and what its link shows
    "person": frozenset({"self", "told"}),  # and what its roles in groups hold
}
ROLES: Final[tuple[Role, ...]] = get_args(Role)


def is_owner(token: Token) -> bool:
    """Holds every action, over all that is not private."""
    return token.kind == "admin" or token.owner


def find_actions(token: Token) -> Actions:
    """What this caller may do at all; to what, its sight says. A person's groups are not asked here."""
    return OWNER if is_owner(token) else HOLDS[token.kind]


def sees_all(token: Token) -> bool:
    """Of everything that is not private, not of some groups only."""
    return is_owner(token) or (token.kind in ROLES and token.group is None)


def find_kinds(action: Action) -> list[TokenKind]:
    """Whose tokens hold it."""
    return sorted(kind for kind, held in HOLDS.items() if action in held and kind != "person")
