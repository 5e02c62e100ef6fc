"""A process that nobody looks at hears nothing of where devices are, and who looks first is shown what is true."""

import asyncio

import pytest

from tests.moments import MONDAY
from tracker.errors import PositionsMissing
from tracker.model.fix import Fix
from tracker.model.position import Position, Status
from tracker.model.update import Update
from tracker.spread.attention import LONGEST, REST, RISE, Attention
from tracker.spread.courier import Courier
from tracker.spread.nats_bus import AGAIN, StrandBus
from tracker.spread.words import Letter, Telling, encode_telling


class Asking:
    """A process among others, and what it asks them for."""

    def __init__(self, life: str) -> None:
        self.life = life
        self.asked: list[Letter] = []

    def tell(self, life: str, letter: Letter) -> None:
        self.asked.append(letter)

    def publish(self, telling: Telling, life: str | None = None) -> None: ...


class Hearing:
    """What brings positions, or is told not to."""

    listens = True

    def listen(self, listens: bool) -> None:
        self.listens = listens


async def test_where_nobody_looks_nothing_is_heard_and_who_looks_first_is_shown_what_is_true() -> None:
    heard, carriers = list[Update](), [Asking("front"), Asking("front")]
    buses = [StrandBus(number, carrier, heard.append) for number, carrier in enumerate(carriers)]
    attention, looked = Attention(hearing := Hearing(), buses), list[int]()
    attention.is_needed = lambda: bool(looked)
    buses[0].meet("front", 1)
    buses[1].meet("owner", 1)
    attention.look()
    assert hearing.listens, "it has not even joined"
    buses[1].look()
    buses[1].hear(Telling(1, 0, Update([], [], 0), 1, 0, is_last=True, strand=1))
    attention.look()
    assert hearing.listens, "it has just joined, and whoever left another comes to it"
    assert attention.used_at is not None
    attention.used_at -= 2 * REST
    attention.look()
    assert not hearing.listens
    buses[1].note_pulse(7)
    buses[1].note_pulse(9)
    buses[1].asked_at -= AGAIN
    buses[1].look()
    assert [len(each.asked) for each in carriers] == [0, 1], "what it does not hear it does not miss"
    waiting = asyncio.ensure_future(attention.wait())
    await asyncio.sleep(0)
    assert hearing.listens and not attention.settle() and not waiting.done()
    assert [len(each.asked) for each in carriers] == [0, 2]
    buses[1].hear(Telling(1, 10, Update([], [], 0), strand=1))  # also where one comes before the answer
    buses[1].hear(Telling(1, 0, Update([], [], 0), 2, 10, is_last=True, strand=1))
    assert attention.settle()
    await waiting
    attention.look()
    assert hearing.listens, "somebody has just looked"
    attention.used_at -= 2 * REST
    looked.append(1)
    attention.look()
    looked.clear()
    attention.look()
    assert hearing.listens, "somebody looked until now"
    attention.used_at -= 2 * REST
    attention.look()
    assert not hearing.listens


@pytest.mark.parametrize("owner", ["owner", None])
async def test_a_map_waits_for_a_silent_owner_for_a_while_and_an_answer_is_not_given_without_it(
    owner: str | None,
) -> None:
    """Also where a strand is between two owners: what is here of its devices is from before the rest."""
    bus = StrandBus(0, Asking("front"), lambda _: None)
    attention = Attention(Hearing(), [bus])
    bus.meet(owner, 1)
    bus.rest()
    attention.is_resting = True
    attention.call()
    assert not attention.settle()
    attention.risen_at -= 2 * RISE
    assert attention.settle()
    with pytest.raises(PositionsMissing):
        await attention.wait()
    bus.meet("heir", 2)
    bus.look()
    bus.hear(Telling(2, 0, Update([], [], 0), bus.filling, 0, is_last=True))
    await attention.wait()
    bus.note_pulse(7)
    bus.note_pulse(7)
    assert not bus.is_full
    await attention.wait()  # one that is lost is asked for, as before


async def test_who_looks_waits_longer_while_the_answer_comes() -> None:
    bus = StrandBus(0, Asking("front"), lambda _: None)
    attention = Attention(Hearing(), [bus])
    bus.meet("owner", 1)
    bus.rest()
    attention.is_resting = True
    attention.call()
    attention.risen_at -= 2 * RISE
    bus.hear(Telling(1, 0, Update([], [], 0), bus.filling, 0))
    assert not attention.settle()
    attention.risen_at -= LONGEST
    assert attention.settle()


def test_what_a_process_tells_all_is_known_as_its_own_without_being_read() -> None:
    courier = Courier("", "", "0123")
    update = Update([Position(1, Fix(MONDAY, 0, 0, attributes=b'{"life":"0123"}'), 0, Status.MOVING)], [], 0)
    for life, is_own in (("0123", True), ("4567", False), ("", False)):
        assert encode_telling(Telling(1, 1, update, life=life)).endswith(courier.signature) == is_own
