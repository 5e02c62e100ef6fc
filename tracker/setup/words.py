"""The words of the command line, read before anything is set up: a slip is told at once, not after a minute of apt."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO


@dataclass(frozen=True)
class Words:
    """A command: what it is for, its options that take a value, those that take none, and how many arguments it has.
    `passes`: what it does not know is for another program."""

    about: str
    valued: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    arguments: int = 0
    passes: bool = False


@dataclass(frozen=True)
class Reply:
    """What is said instead of running a command, and the exit code."""

    text: str
    code: int

    def say(self, out: TextIO, err: TextIO) -> int:
        print(self.text, file=err if self.code else out)
        return self.code


DATABASE: Final = ("--data", "--database")
TARGET: Final = ("--url", "--token")
HELP: Final = ("-h", "--help")
VERSION: Final = "--version"
# click holds the same in tracker/cli.py, but is installed only after the set-up. A test compares the two.
COMMANDS: Final[Mapping[str, Words]] = {
    "bench": Words(
        "Measure the server against the floor: the least that receiving, storing and acking can cost.",
        ("--rounds", "--seconds", "--only", "--json"),
        ("--quick",),
        arguments=1,
    ),
    "check-client": Words(
        "Say what is wrong with the frames that a device sends: to this command, which listens, or in a recorded FILE.",
        ("--bind", "--seconds", "--restart", "--ack"),
        arguments=1,
    ),
    "database-url": Words("Print how to connect to the server's database.", DATABASE, ("--read-only", "--keywords")),
    "demo": Words(
        "Run the server with simulated vehicles and geofences, and print a sign-in link.",
        ("--bind", *DATABASE, "--vehicles"),
    ),
    "give-device": Words(
        "Make a device a person's own: from then on it is shown to nobody else.", DATABASE, arguments=2
    ),
    "import-traccar": Words(
        "Take over the devices, groups, geofences and users of the Traccar server at SOURCE.",
        (*TARGET, "--user", "--password", "--traccar-token"),
        ("--apply", "--invite"),
        arguments=1,
    ),
    "map add": Words(
        "Add the streets of an area to the page's map, out of an archive of the world.",
        ("--from", "--max-zoom", "--data"),
        ("--yes",),
        arguments=1,
    ),
    "migrate": Words("Bring the database's tables up to date.", DATABASE),
    "psql": Words(
        "Open psql on the server's database, to read the views made for people.", DATABASE, ("--owner",), 1, passes=True
    ),
    "replay": Words(
        "Send a recording as its devices would: CSV, GPX, or a location history of Google's (.json).",
        (*TARGET, "--speed"),
        ("--now", "--binary"),
        arguments=1,
    ),
    "serve": Words("Run the server until it is told to stop.", ("--bind", *DATABASE, "--processes")),
    "simulate": Words(
        "Drive vehicles on Helsinki's streets, each a real device on a WebSocket of its own.",
        (*TARGET, "--count", "--seed", "--interval", "--seconds"),
        ("--binary", "--tunnels"),
    ),
    "reset-password": Words(
        "Print a link by which a person sets a new password, once and within an hour.",
        ("--url", *DATABASE),
        arguments=1,
    ),
    "sign-in": Words("Print a link that signs a browser in as admin, once and within an hour.", ("--url", *DATABASE)),
    "stream": Words(
        "Be a device: send what a GPS receiver says, from a gpsd or as NMEA.",
        ("--gpsd", "--nmea", "--baud", "--url", "--device", "--token", "--interval", "--buffer"),
    ),
    "test": Words("Run everything there is to test, or the parts that are named."),
    "token create": Words("Make a token and print it. It is shown this once.", ("--kind", "--name", *DATABASE)),
}


def read_words(arguments: Sequence[str]) -> Reply | None:
    """None where there is a command to run; else what to say. The words behind `test` are the tests' own to read."""
    name, rest = split_command(arguments)
    if name == "test":
        return None
    if name not in COMMANDS:
        return reply_without_command(name)
    if any(word in HELP for word in rest):
        return Reply(usage_of(name), 0)
    slip = find_slip(COMMANDS[name], rest)
    return Reply(f"tracker {name}: {slip}", 2) if slip else None


def split_command(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command's name, of two words for one of a group, and what stands behind it."""
    for count in (2, 1):
        if (name := " ".join(arguments[:count])) in COMMANDS:
            return name, arguments[count:]
    return " ".join(arguments[:1]), arguments[1:]


def reply_without_command(word: str) -> Reply | None:
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    if word == VERSION:
        return None
    if word in ("", *HELP) or word in groups:
        return Reply(list_of_commands(), 0 if word in HELP else 2)
    if word.startswith("-"):
        return Reply(f"tracker: no such option: {word}; --help names the commands", 2)
    return Reply(f"tracker: no such command: {word}{meant(word, COMMANDS)}; there are {', '.join(COMMANDS)}", 2)


def find_slip(words: Words, given: Sequence[str]) -> str | None:
    """The first word that the command does not know."""
    if words.passes:
        return None
    waiting, arguments = iter(given), 0
    for word in waiting:
        option, has_value, _ = word.partition("=")
        if word == "--":
            return None
        if option in words.valued:
            if not has_value and next(waiting, None) is None:
                return f"{option} needs a value"
        elif word.startswith("-") and not word[1:2].isdigit() and word not in words.flags:  # west of Greenwich
            known = (*words.valued, *words.flags, "--help")
            return f"no such option: {option}{meant(option, known)}; there are {', '.join(known)}"
        elif word not in words.flags:
            arguments += 1
            if arguments > words.arguments:
                return f"unexpected: {word}"
    return None


def meant(word: str, known: Sequence[str] | Mapping[str, Words]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def list_of_commands() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {words.about}" for name, words in COMMANDS.items()]
    return "\n".join(
        ["Usage: python3 -m tracker COMMAND [OPTIONS]", "", *lines, "", "COMMAND --help says more of each."]
    )


def usage_of(name: str) -> str:
    words = COMMANDS[name]
    options = [*(f"[{option} VALUE]" for option in words.valued), *(f"[{flag}]" for flag in words.flags)]
    argument = " FILE" if words.arguments else ""
    return (
        f"Usage: python3 -m tracker {name}{argument} {' '.join(options)}\n\n  {words.about}\n\n"
        "What each option means is said here once `python3 -m tracker demo` has set everything up."
    )
