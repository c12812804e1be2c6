"""Another form of an instance: regions with other numbers, destinations in another order."""

from workbench.protocols import Relation

from .instances import renumber

RELATIONS = (Relation("regions and destinations in another order", renumber),)
