"""How much of the public's reports is taken."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console.public.admission import HOUR_S, MOST_ADDRESSES, Admission, PhotosRefused, Refused
from api.workers import Overloaded
from tests.api.console.public.conftest import Ticks


def sent(admission, address, times):
    """Send so many reports; returns how many are taken."""
    taken = 0
    for _ in range(times):
        try:
            admission.report(address, 0)
        except Refused:
            continue
        taken += 1
    return taken


def test_an_address_has_its_share_of_an_hour():
    ticks = Ticks()
    admission = Admission(300, 10, ticks)
    assert sent(admission, "a", 10_000) == 10
    ticks.now += HOUR_S / 10
    assert sent(admission, "a", 10_000) == 1
    ticks.now += HOUR_S
    assert sent(admission, "a", 10_000) == 10


def test_half_of_the_hour_is_kept_for_addresses_that_have_sent_none():
    ticks = Ticks()
    admission = Admission(100, 10, ticks)
    flood = sum(sent(admission, f"flood {number}", 10) for number in range(5))
    assert flood == 50
    assert sum(sent(admission, f"flood {number}", 10) for number in range(5)) == 0
    assert all(sent(admission, f"honest {number}", 1) for number in range(50))


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.floats(0, 900), st.integers(0, 10)), max_size=60
    )
)
def test_never_more_than_two_hours_worth_within_an_hour(requests):
    ticks = Ticks()
    admission, taken = Admission(20, 4, ticks), []
    for address, later, times in requests:
        ticks.now += later
        taken += [(ticks.now, address)] * sent(admission, address, times)
    for at, whose in taken:
        within = [each for each in taken if at <= each[0] <= at + HOUR_S]
        assert len(within) <= 40
        assert sum(address == whose for _, address in within) <= 8


def test_a_refusal_says_when_to_come_again_and_then_it_is_taken():
    ticks = Ticks()
    admission = Admission(300, 10, ticks)
    sent(admission, "a", 10)
    with pytest.raises(Refused) as refusal:
        admission.report("a", 0)
    ticks.now += refusal.value.seconds + 1
    admission.report("a", 0)


def test_photos_of_a_day_are_bounded_and_reports_go_on_without():
    admission = Admission(300, 10, Ticks(), photo_bytes_a_day=1000)
    admission.report("a", 900)
    with pytest.raises(PhotosRefused):
        admission.report("b", 900)
    admission.report("b", 0)


def test_few_forms_are_read_at_a_time_and_few_wait():
    async def scene():
        admission = Admission(300, 10, Ticks())
        async with AsyncExitStack() as stack:
            for number in range(2):
                await stack.enter_async_context(admission.request(f"{number}"))
            waiting = [asyncio.create_task(enter(admission, number)) for number in range(40)]
            await asyncio.sleep(0)
            ended = [each for each in waiting if each.done()]
            assert len(ended) == 8
            assert all(isinstance(each.exception(), Overloaded) for each in ended)
        await asyncio.gather(*(each for each in waiting if each not in ended))

    async def enter(admission, number):
        async with admission.request(f"waits {number}"):
            await asyncio.sleep(0)

    asyncio.run(scene())


def test_who_goes_while_waiting_leaves_the_place_to_the_next():
    async def scene():
        admission = Admission(300, 10, Ticks())
        async with AsyncExitStack() as stack:
            for number in range(2):
                await stack.enter_async_context(admission.request(f"{number}"))
            gone = asyncio.create_task(enter(admission))
            await asyncio.sleep(0)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
        async with admission.request("x"), admission.request("y"):
            pass

    async def enter(admission):
        async with admission.request("gone"):
            pass

    asyncio.run(scene())


def test_addresses_that_are_remembered_are_bounded():
    admission = Admission(10**6, 10, Ticks())
    for number in range(MOST_ADDRESSES + 100):
        admission.report(f"{number}", 0)
    assert len(admission._reports) == MOST_ADDRESSES
