"""Coding agents and people as proposers: sessions, tickets, and the doors that lead to them."""

from workbench.api.agents.session import Attempt, give_up, history, open_session, program, submit, take_ticket
from workbench.loop.messages import InstanceGap, Parent, Submitted, Ticket

__all__ = [
    "Attempt",
    "InstanceGap",
    "Parent",
    "Submitted",
    "Ticket",
    "give_up",
    "history",
    "open_session",
    "program",
    "submit",
    "take_ticket",
]
