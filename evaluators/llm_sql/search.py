"""Good orders by a binary tree of rows: agglomeration, then subtrees that are moved about; exact for a few rows."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from evaluators.llm_sql.bound import lower_bound
from evaluators.llm_sql.verifier import Ints, Table, table_from
from workbench.model import Instance, Reference

_NONE = -1
"""In place of a cell: the rows below a node differ in this column. As a parent: the node is the root."""


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: the lower bound, as a share of all characters; optimal where a tree meets it."""
    began = time.process_time()
    table = table_from(instance.data)
    bound, found = lower_bound(table), table.characters - agglomerate(table).saved
    seconds = round(time.process_time() - began, 2)
    value = bound / table.characters
    if found == bound:
        return Reference(value, "optimal", "agglomeration reaches the lower bound", seconds)
    return Reference(
        value, "bound", f"different cells or spanning tree; agglomeration reads {found / bound:.4f} times as much", seconds
    )


@dataclass
class Tree:
    """A binary tree whose leaves are the rows.

    Prompts come in the order of a walk through the leaves, and each begins with the cells that all rows below the root have in
    common, then those of the next node on the way down, and so on. Neighbours then share what is common to all rows below
    their lowest common ancestor, so that what is saved is the sum of `weights` over the inner nodes. The other way round,
    every answer is the walk through such a tree (split where neighbours share least) that saves no less.

    Attributes
    ----------
    cells
        For each node the cells that the rows below it have in common, by column; -1 where they differ. Leaves come first.
    weights
        Characters of these cells.
    parents, children
        -1 for the root; (-1, -1) for a leaf.
    """

    cells: Ints
    weights: list[int]
    parents: list[int]
    children: list[tuple[int, int]]

    @property
    def saved(self) -> int:
        """Characters that the cache has, over all prompts."""
        return sum(self.weights[len(self.weights) // 2 + 1 :])

    def answer(self) -> tuple[list[int], list[list[int]]]:
        """Return rows and fields as the verifier takes them."""
        leaves = len(self.parents) // 2 + 1
        columns = self.cells.shape[1]
        fields: list[list[int]] = [[]] * leaves
        rows: list[int] = []
        waiting: list[tuple[int, list[int]]] = [(self.parents.index(_NONE), [])]
        while waiting:
            node, before = waiting.pop()
            order = before + [c for c in range(columns) if self.cells[node, c] != _NONE and c not in before]
            if node < leaves:
                rows.append(node)
                fields[node] = order
            else:
                waiting += [(child, order) for child in self.children[node]]
        return rows, fields


def agglomerate(table: Table) -> Tree:
    """Build a tree from the leaves: join the two subtrees whose rows have most characters in common, until one is left."""
    rows, nodes = len(table.cells), 2 * len(table.cells) - 1
    cells = np.full((nodes, table.cells.shape[1]), _NONE)
    cells[:rows] = table.cells
    lengths = np.append(table.lengths, 0)
    common = np.full((nodes, nodes), _NONE)
    for row in range(rows):
        common[row, :rows] = _weights(cells[:rows], cells[row], lengths)
        common[row, row] = _NONE
    best, partner = common.max(axis=1), common.argmax(axis=1)
    weights = [int(weight) for weight in lengths[cells].sum(axis=1)]
    parents, children = [_NONE] * nodes, [(_NONE, _NONE)] * nodes
    for node in range(rows, nodes):
        pair = int(best.argmax()), int(partner[best.argmax()])
        children[node], weights[node] = pair, int(best[pair[0]])
        cells[node] = np.where(cells[pair[0]] == cells[pair[1]], cells[pair[0]], _NONE)
        for child in pair:
            parents[child] = node
            common[child], common[:, child], best[child] = _NONE, _NONE, -2
        free = np.flatnonzero(best >= 0) if node < nodes - 1 else np.array([], dtype=np.int64)
        if not len(free):
            continue
        overlap = _weights(cells[free], cells[node], lengths)
        common[node, free], common[free, node] = overlap, overlap
        best[node], partner[node] = overlap.max(), free[overlap.argmax()]
        stale = free[np.isin(partner[free], pair)]
        best[stale], partner[stale] = common[stale].max(axis=1), common[stale].argmax(axis=1)
        nearer = free[overlap > best[free]]
        best[nearer], partner[nearer] = common[nearer, node], node
    return Tree(cells, weights, parents, children)


def _weights(cells: Ints, other: Ints, lengths: Ints) -> Ints:
    # Characters that each of several nodes has in common with another; the last of `lengths` is 0, for -1.
    found: NDArray[np.int64] = np.where(cells == other, lengths[cells], 0).sum(axis=1)
    return found


def improve(tree: Tree, lengths: Ints, moves: int, warmth: float, rng: random.Random) -> int:
    """Take one subtree out at a time and put it back where most is saved, with noise that fades; return the most that was saved.

    Parameters
    ----------
    warmth
        Scale of the noise at the start, in characters; it falls to 0 as the square of what is left.
    """
    padded = np.append(lengths, 0)
    noise = np.random.default_rng(rng.getrandbits(64))
    nodes = len(tree.parents)
    saved = most = tree.saved
    for move in range(moves if nodes > 1 else 0):
        subtree = rng.randrange(nodes)
        joint = tree.parents[subtree]
        if joint == _NONE:
            continue
        scale = warmth * (1 - move / moves) ** 2
        saved += _take_out(tree, subtree, padded)
        overlap = _weights(tree.cells, tree.cells[subtree], padded)
        overlap[[joint, *_below(tree, subtree)]] = _NONE
        random_part = scale * noise.gumbel(size=nodes) if scale > 0 else np.zeros(nodes)
        place, gain = _best_place(tree, overlap, random_part)
        saved += gain
        _put_in(tree, subtree, joint, place, padded)
        most = max(most, saved)
    return most


def _take_out(tree: Tree, subtree: int, lengths: Ints) -> int:
    """Detach a subtree with its parent, which its sibling replaces; return by how much more is saved (mostly less than 0)."""
    joint = tree.parents[subtree]
    above = tree.parents[joint]
    sibling = next(child for child in tree.children[joint] if child != subtree)
    tree.parents[sibling] = above
    gain = -tree.weights[joint]
    if above != _NONE:
        _replace(tree, above, joint, sibling)
    while above != _NONE:
        one, two = tree.children[above]
        cells = np.where(tree.cells[one] == tree.cells[two], tree.cells[one], _NONE)
        weight = int(lengths[cells].sum())
        if weight == tree.weights[above]:
            break
        gain += weight - tree.weights[above]
        tree.cells[above], tree.weights[above] = cells, weight
        above = tree.parents[above]
    return gain


def _put_in(tree: Tree, subtree: int, joint: int, place: int, lengths: Ints) -> None:
    """Make `joint` the parent of a subtree and of the node at `place`, in whose stead it comes."""
    above = tree.parents[place]
    if above != _NONE:
        _replace(tree, above, place, joint)
    tree.children[joint] = (place, subtree)
    tree.parents[joint], tree.parents[place], tree.parents[subtree] = above, joint, joint
    tree.cells[joint] = tree.cells[place]
    node = joint
    while node != _NONE:
        cells = np.where(tree.cells[node] == tree.cells[subtree], tree.cells[node], _NONE)
        weight = int(lengths[cells].sum())
        if node != joint and weight == tree.weights[node]:
            break
        tree.cells[node], tree.weights[node] = cells, weight
        node = tree.parents[node]


def _best_place(tree: Tree, overlap: Ints, random_part: NDArray[np.float64]) -> tuple[int, int]:
    """Return the node beside which a subtree saves most, noise included, and what it saves there without it.

    `overlap` has what the subtree has in common with each node, -1 for nodes that are no place. Beside a node it saves that,
    less what the ancestors of the node lose; so places are tried by falling overlap, until no more can be saved.
    """
    noisy = np.where(overlap < 0, -np.inf, overlap + random_part)
    best, place, gain = -np.inf, _NONE, 0
    shared, hopes = overlap.tolist(), noisy.tolist()
    for node in np.argsort(-noisy, kind="stable").tolist():
        value = hopes[node]
        if value <= best:
            break
        above = tree.parents[node]
        while above != _NONE and value > best:
            value -= tree.weights[above] - shared[above]
            above = tree.parents[above]
        if value > best:
            best, place, gain = value, node, round(value - hopes[node]) + shared[node]
    return place, gain


def _below(tree: Tree, node: int) -> list[int]:
    """Return a node and all below it."""
    found = [node]
    for member in found:
        found += [child for child in tree.children[member] if child != _NONE]
    return found


def _replace(tree: Tree, parent: int, old: int, new: int) -> None:
    one, two = tree.children[parent]
    tree.children[parent] = (new if one == old else one, new if two == old else two)


def most_saved(table: Table) -> int:
    """Return the most that can be saved, in characters, by dynamic programming over sets of rows: 3^n steps."""
    cells, lengths = table.cells, table.lengths

    def weight(group: tuple[int, ...]) -> int:
        same = (cells[list(group)] == cells[group[0]]).all(axis=0)
        return int(lengths[cells[group[0], same]].sum())

    @cache
    def best(group: tuple[int, ...]) -> int:
        if len(group) == 1:
            return 0
        first, *others = group
        return weight(group) + max(
            best((first, *(row for k, row in enumerate(others) if mask >> k & 1)))
            + best(tuple(row for k, row in enumerate(others) if not mask >> k & 1))
            for mask in range(2 ** len(others) - 1)
        )

    return best(tuple(range(len(cells))))
