"""Tickets for later over a bus that sends at once only: each comes once, in time, whatever one of them does."""

import threading

from core.case import Phase
from core.errors import Unavailable
from core.ports import Ticket
from pipeline.runners.delayed_sends import DelayedSends
from pipeline.runners.later_tickets import LaterTickets


def ticket(number):
    return Ticket(case_id=f"{number:016x}", revision=1, phase=Phase.COMMISSIONED)


class Sent:
    def __init__(self, wanted, away=()):
        self.tickets, self.all, self._wanted, self._away = [], threading.Event(), wanted, away

    def __call__(self, sent):
        self.tickets.append(sent)
        if len(self.tickets) == self._wanted:
            self.all.set()
        if sent in self._away:
            raise self._away[sent]


def test_tickets_come_when_they_are_due_each_once_and_a_bus_that_is_away_stops_none():
    sent = Sent(3, away={ticket(2): Unavailable("no broker"), ticket(1): ZeroDivisionError()})
    delayed = DelayedSends(sent)
    for number, after in ((3, 0.15), (1, 0.1), (2, 0.05), (1, 0.01)):
        delayed.add(ticket(number), after)
    assert sent.all.wait(10)
    assert sent.tickets == [ticket(2), ticket(1), ticket(3)]
    delayed.close()


def test_what_waits_when_it_is_closed_is_let_go():
    sent = Sent(1)
    delayed = DelayedSends(sent)
    delayed.add(ticket(1), 0.1)
    delayed.close()
    delayed.add(ticket(2), 0.0)
    assert not sent.all.wait(0.3)


def test_a_ticket_that_is_not_due_stays_and_keeps_its_time():
    later = LaterTickets()
    assert later.seconds_to_next is None
    later.add(ticket(1), 60)
    later.add(ticket(1), 0)
    assert later.pop_due() is None and ticket(1) in later
    assert 50 < later.seconds_to_next <= 60
    later.add(ticket(2), 0)
    assert later.seconds_to_next == 0.0
    assert later.pop_due() == ticket(2) and ticket(2) not in later
