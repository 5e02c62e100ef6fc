"""The commands. Each reads its settings here, passes them on as values, and imports what only it needs: the parent of a
server, for which every start waits, would else import all that the server does."""

import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from tracker import __version__, logs
from tracker.errors import TrackerError
from tracker.model.names import LONGEST_NAME, fault_of_name
from tracker.processes.loop import console, run_loop, until_signalled
from tracker.processes.parent import run
from tracker.settings import Settings, count_processes, from_environment
from tracker.start import announce

F = TypeVar("F", bound=Callable[..., Any])


def database_options(command: F) -> F:
    data = click.option("--data", type=click.Path(path_type=Path), help="Folder of the private PostGIS. [.tracker]")
    url = click.option("--database", "database_url", help="URL of another PostGIS, used instead of the private one.")
    return data(url(command))


def target_options(command: F) -> F:
    url = click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The server.")
    token = click.option("--token", envvar="TRACKER_ADMIN_TOKEN", required=True, help="An admin token.")
    return url(token(command))


def bind_option(command: F) -> F:
    return click.option("--bind", help="Address and port to listen on. [127.0.0.1:8000]")(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """A live location tracking server: fixes in over WebSocket, kept in PostGIS, out to the map."""


@main.command()
@bind_option
@database_options
@click.option("--vehicles", default=60, show_default=True, help="How many drive around Helsinki.")
def demo(bind: str | None, data: Path | None, database_url: str | None, vehicles: int) -> None:
    """Run the server with simulated vehicles and geofences, and print a sign-in link."""
    from tracker.demo import demonstrate

    settings = settings_from(bind=bind, data=data, database_url=database_url, log_level="warning")
    run_loop(until_signalled(lambda shutdown: demonstrate(settings, shutdown, vehicles, console)))


@main.command()
@bind_option
@database_options
@click.option("--processes", help="How many serve, or auto: one for each core but one. [1]")
def serve(bind: str | None, data: Path | None, database_url: str | None, processes: str | None) -> None:
    """Run the server until it is told to stop."""
    count = None if processes is None else count_processes(processes)
    settings = settings_from(bind=bind, data=data, database_url=database_url, processes=count)
    sys.exit(run_loop(until_signalled(lambda shutdown: run(settings, shutdown, partial(announce, settings, console)))))


@main.command("sign-in")
@click.option("--url", help="Where a browser finds the server. [what TRACKER_ORIGINS or TRACKER_BIND says]")
@database_options
def sign_in(url: str | None, data: Path | None, database_url: str | None) -> None:
    """Print a link that signs a browser in as admin, once and within an hour."""
    from tracker.operate import print_link

    run_loop(print_link(settings_from(data=data, database_url=database_url, log_level="warning"), url))


@main.command("reset-password")
@click.argument("email")
@click.option("--url", help="Where a browser finds the server. [what TRACKER_ORIGINS or TRACKER_BIND says]")
@database_options
def reset_password(email: str, url: str | None, data: Path | None, database_url: str | None) -> None:
    """Print a link by which a person sets a new password, once and within an hour."""
    from tracker.operate import print_reset

    run_loop(print_reset(settings_from(data=data, database_url=database_url, log_level="warning"), url, email))


@main.command("give-device")
@click.argument("device")
@click.argument("email")
@database_options
def give_device(device: str, email: str, data: Path | None, database_url: str | None) -> None:
    """Make a device a person's own: from then on it is shown to nobody else."""
    from tracker.operate import give

    run_loop(give(settings_from(data=data, database_url=database_url, log_level="warning"), device, email))


@main.command()
@database_options
def migrate(data: Path | None, database_url: str | None) -> None:
    """Bring the database's tables up to date."""
    from tracker.operate import migrate_tables

    run_loop(migrate_tables(settings_from(data=data, database_url=database_url)))


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--owner", is_flag=True, help="As the server itself, who may change everything.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@database_options
def psql(owner: bool, arguments: tuple[str, ...], data: Path | None, database_url: str | None) -> None:
    """Open psql on the server's database, to read the views made for people.

    Options that are not ours are psql's, such as -c "select * from positions"; behind -- all are.
    """
    from tracker import analysis

    settings = settings_from(data=data, database_url=database_url, log_level="warning")
    sys.exit(run_loop(analysis.talk(settings, arguments, as_owner=owner)))


@main.command("database-url")
@click.option("--read-only", is_flag=True, help="For the role tracker_reader, who reads the views made for people.")
@click.option("--keywords", is_flag=True, help="As host=... user=..., which GDAL and QGIS take behind PG:.")
@database_options
def show_database_url(read_only: bool, keywords: bool, data: Path | None, database_url: str | None) -> None:
    """Print how to connect to the server's database."""
    from tracker import analysis

    url, warning = analysis.where(settings_from(data=data, database_url=database_url, log_level="warning"))
    if warning:
        console.print(warning, highlight=False)
    url = analysis.as_reader(url) if read_only else url
    click.echo(analysis.keywords(url) if keywords else url)


@main.group("map")
def maps() -> None:
    """The page's map."""


@maps.command("add", context_settings={"ignore_unknown_options": True})  # an area may begin with a minus
@click.argument("area")
@click.option(
    "--from", "source", help="URL or path of a PMTiles archive, as a build of Protomaps. [TRACKER_MAP_SOURCE]"
)
@click.option("--max-zoom", default=14, show_default=True, type=click.IntRange(7, 15), help="How close one can look.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder. [.tracker]")
def add_map(area: str, source: str | None, max_zoom: int, yes: bool, data: Path | None) -> None:
    """Add the streets of an area to the page's map, out of an archive of the world.

    AREA is WEST,SOUTH,EAST,NORTH in degrees. What breaks off goes on where it was when the command is run again.
    Several areas make one map.
    """
    from tracker.streets.command import add_with_bar

    settings = settings_from(data=data, map_source=source, log_level="warning")
    if settings.map_source is None:
        raise click.ClickException("say --from where the archive is, or set TRACKER_MAP_SOURCE: docs/map.md")
    try:
        click.echo(add_with_bar(settings.map_source, area, settings.data / "map", max_zoom, yes))
    except TrackerError as error:
        raise click.ClickException(str(error)) from None


@main.group()
def token() -> None:
    """Tokens for people and programs."""


def check_name(_: click.Context, __: click.Parameter, name: str) -> str:
    """As the API does: it is shown in the same lists."""
    if len(name) > LONGEST_NAME:
        raise click.BadParameter(f"has more than {LONGEST_NAME} characters")
    if name and (fault := fault_of_name(name)) is not None:
        raise click.BadParameter(fault)
    return name


@token.command("create")
@click.option("--kind", type=click.Choice(["admin", "viewer"]), required=True)
@click.option("--name", default="", callback=check_name, help="What it is for.")
@database_options
def create(kind: Any, name: str, data: Path | None, database_url: str | None) -> None:
    """Make a token and print it. It is shown this once."""
    from tracker.operate import print_token

    run_loop(print_token(settings_from(data=data, database_url=database_url), kind, name))


@main.command("check-client")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bind", default="127.0.0.1:8001", show_default=True, help="Address and port to listen on.")
@click.option("--seconds", type=float, help="How long. [until stopped]")
@click.option(
    "--restart", type=int, default=0, help="End the connection once, after so many frames, as a restart does."
)
@click.option("--ack", "ack_s", type=float, default=0.3, show_default=True, help="Seconds until a frame is answered.")
def check_client(file: Path | None, bind: str, seconds: float | None, restart: int, ack_s: float) -> None:
    """Say what is wrong with the frames that a device sends: to this command, which listens, or in a recorded FILE.

    FILE has one message a line: text as it was sent, binary as hex digits. Nothing is stored and any token will do. The
    exit code is 1 where there is something that the server would refuse or close for.
    """
    from tracker.check_client.check import check_file, check_live
    from tracker.check_client.listen import Trial

    logs.configure("warning")
    if file is not None:
        sys.exit(check_file(file, click.echo))
    trial = Trial(ack_s=ack_s, restart=restart)
    sys.exit(run_loop(until_signalled(lambda shutdown: check_live(bind, trial, seconds, shutdown, click.echo))))


@main.command()
@target_options
@click.option("--count", default=100, show_default=True, help="Vehicles.")
@click.option("--seed", default=1, show_default=True, help="The same seed drives the same ways.")
@click.option("--interval", default=1.0, show_default=True, help="Seconds between fixes.")
@click.option("--seconds", type=float, help="How long. [until stopped]")
@click.option("--binary", is_flag=True, help="Send binary frames.")
@click.option("--tunnels", is_flag=True, help="Lose the connection now and then, and deliver late.")
def simulate(url: str, token: str, seconds: float | None, **options: Any) -> None:
    """Drive vehicles on Helsinki's streets, each a real device on a WebSocket of its own."""
    from tracker.simulator.simulate import Fleet
    from tracker.simulator.simulate import simulate as simulate_vehicles

    run_loop(simulate_vehicles(url, token, Fleet(**options), seconds=seconds, console=console))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@target_options
@click.option("--speed", default="1", show_default=True, help="Times faster than recorded, or max.")
@click.option("--now", is_flag=True, help="Shift the times to today.")
@click.option("--binary", is_flag=True, help="Send binary frames.")
def replay(file: Path, url: str, token: str, speed: str, now: bool, binary: bool) -> None:
    """Send a recording as its devices would: CSV, GPX, or a location history of Google's (.json)."""
    from tracker.simulator.replay import Tempo
    from tracker.simulator.replay import replay as replay_recording

    run_loop(replay_recording(file, url, token, Tempo(factor_of(speed), now), binary=binary, console=console))


@main.command("import-traccar")
@click.argument("source")
@click.option("--user", help="An administrator of that server, by e-mail.")
@click.option("--password", envvar="TRACCAR_PASSWORD", help="Of that user.")
@click.option("--traccar-token", envvar="TRACCAR_TOKEN", help="Or a token of that server.")
@click.option("--apply", is_flag=True, help="Do it. Without, it is only said.")
@click.option("--invite", is_flag=True, help="Invite its users, too.")
@target_options
def import_traccar(source: str, user: str | None, password: str | None, url: str, token: str, **options: Any) -> None:
    """Take over the devices, groups, geofences and users of the Traccar server at SOURCE.

    It says first what it would make, and what it does not take. What is here already stays as it is.
    """
    from tracker.traccar.command import Takeover
    from tracker.traccar.command import import_traccar as take_over

    login = (user, password or "") if user else None
    try:
        asked = Takeover(source, login, options.pop("traccar_token"), url, token)
        take_over(asked, click.echo, **options)
    except TrackerError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.option("--gpsd", help="HOST:PORT of a gpsd.")
@click.option("--nmea", type=click.Path(exists=True, path_type=Path), help="A serial line, a pipe or a file of NMEA.")
@click.option("--baud", type=int, help="Speed of the serial line. [as it is set]")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The server.")
@click.option("--device", required=True, help="The device's id.")
@click.option("--token", envvar="TRACKER_DEVICE_TOKEN", required=True, help="The device's token.")
@click.option("--interval", default=1.0, show_default=True, help="Seconds between fixes, at least.")
@click.option("--buffer", type=click.Path(dir_okay=False, path_type=Path), help="Keeps what is not sent yet.")
def stream(
    gpsd: str | None, nmea: Path | None, baud: int | None, url: str, device: str, token: str, **options: Any
) -> None:
    """Be a device: send what a GPS receiver says, from a gpsd or as NMEA."""
    from tracker.receiver.command import choose_source, run_stream
    from tracker.receiver.stream import Target

    try:
        source = choose_source(gpsd, nmea, baud)
    except TrackerError as error:
        raise click.ClickException(str(error)) from None
    run_loop(run_stream(console, source=source, target=Target(url, device, token), **options))


@main.command()
@click.argument("what", type=click.Choice(["scale", "capacity"]), required=False)
@click.option("--quick", is_flag=True, help="One short round of the main scenarios, about two minutes.")
@click.option("--rounds", type=int, help="Rounds of each scenario. [3]")
@click.option("--seconds", type=float, help="Seconds of each measurement. [8]")
@click.option("--only", multiple=True, help="Only scenarios with this in their name.")
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too.")
def bench(what: str | None, **options: Any) -> None:
    """Measure the server against the floor: the least that receiving, storing and acking can cost.

    `scale` measures several processes instead, `capacity` what one of each thing costs.
    """
    checkout = Path(__file__).resolve().parent.parent
    if not (checkout / "bench" / "main.py").exists():
        raise click.ClickException("the benchmark is in the repository, not in the installed package")
    sys.path.insert(0, str(checkout))
    if what is not None:
        import_module(f"bench.{what}").main(options["seconds"])
        return
    from bench.main import main as measure

    measure(**options)


@main.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("parts", nargs=-1, type=click.UNPROCESSED)
def test(parts: tuple[str, ...]) -> None:
    """Run everything there is to test, or the parts that are named."""
    from tracker.setup import checkout, prepare

    if not checkout.exists():
        raise click.ClickException("the tests are in the repository, not in the installed package")
    sys.exit(prepare.main(["test", *parts], os.environ))


def factor_of(speed: str) -> float | None:
    try:
        return None if speed == "max" else float(speed)
    except ValueError:
        raise click.BadParameter("expected a number, or max", param_hint="--speed") from None


def settings_from(log_level: str | None = None, **given: Any) -> Settings:
    try:
        settings = from_environment(**given)
    except TrackerError as error:
        raise click.ClickException(str(error)) from None
    secrets = tuple(
        each for each in (settings.admin_token, settings.metrics_token, settings.oidc_client_secret) if each
    )
    logs.configure(log_level or settings.log_level, secrets=secrets)
    return settings
