"""Who has waited longest is next, whoever else asks; nobody waits for ever."""

import threading

import pytest

from casework.kernel.turns import Turns
from tests.deadlines import patience, wait_until


def test_those_who_wait_have_their_turns_in_the_order_in_which_they_came():
    turns, order = Turns(), []
    turns.take(0)

    def work(number):
        turns.take(patience(10))
        order.append(number)
        turns.give_back()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
        wait_until(lambda: len(turns._line) == len(threads), 10, every=0.001)
    turns.give_back()
    # Asked before the first of them was awake: it has the last turn all the same.
    turns.take(patience(10))
    assert order == [0, 1, 2, 3, 4]
    turns.give_back()
    for thread in threads:
        thread.join()


def test_who_has_waited_too_long_gives_up_and_leaves_the_line():
    turns = Turns()
    turns.take(0)
    with pytest.raises(TimeoutError):
        turns.take(0.01)
    turns.give_back()
    turns.take(0)
    turns.give_back()
