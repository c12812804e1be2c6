"""Coding agents and people as proposers: sessions, tickets, and the doors that lead to them."""

from workbench.api.agents.session import give_up, history, open_session, program, submit, take_ticket
from workbench.loop.tickets import Parent, Submitted, Ticket

__all__ = ["Parent", "Submitted", "Ticket", "give_up", "history", "open_session", "program", "submit", "take_ticket"]
