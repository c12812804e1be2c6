"""Savings, then local search: relocation, 2-opt and 2-opt* between near customers until none makes the routes shorter.

G. Clarke, J. W. Wright, Operations Research 12(4) (1964) 568-581; 2-opt: G. A. Croes, Operations Research 6(6) (1958) 791-812;
2-opt*: J.-Y. Potvin, J.-M. Rousseau, Journal of the Operational Research Society 46(12) (1995) 1433-1446; relocation and the
other moves between routes as in M. Gendreau, A. Hertz, G. Laporte, Management Science 40(10) (1994) 1276-1290.
"""

import numpy as np


def route(coords, demand, capacity, budget_s):
    """Return routes of customer numbers."""
    points = np.array(coords, dtype=float)
    d = np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 0.5)
    return improve(savings(d, demand, capacity), d.tolist(), demand, capacity)


def savings(d, demand, capacity):
    """Routes of the parallel savings heuristic."""
    saving = d[:, :1] + d[:1] - d
    first, second = np.triu_indices(len(d), 1)
    use = (first > 0) & (saving[first, second] > 0)
    first, second = first[use], second[use]
    order = np.argsort(-saving[first, second], kind="stable")
    routes = {i: [i] for i in range(1, len(d))}
    route_of, load = list(range(len(d))), list(demand)
    for i, j in zip(first[order].tolist(), second[order].tolist(), strict=True):
        a, b = route_of[i], route_of[j]
        if a == b or load[a] + load[b] > capacity:
            continue
        left, right = routes[a], routes[b]
        if i not in (left[0], left[-1]) or j not in (right[0], right[-1]):
            continue
        if left[-1] != i:
            left.reverse()
        if right[0] != j:
            right.reverse()
        left += right
        load[a] += load[b]
        for c in routes.pop(b):
            route_of[c] = a
    return list(routes.values())


def improve(routes, d, demand, capacity, neighbours=12):
    """Routes after relocation, 2-opt and 2-opt* between near customers, until none makes them shorter."""
    n = len(d) - 1
    near = (np.argsort(np.array(d)[1:, 1:], axis=1, kind="stable")[:, : neighbours + 1] + 1).tolist()
    in_route, place, head, load = [0] * (n + 1), [0] * (n + 1), [0] * (n + 1), [0] * len(routes)

    def note(*changed):
        for r in changed:
            total = 0
            for p, c in enumerate(routes[r]):
                total += demand[c]
                in_route[c], place[c], head[c] = r, p, total  # head: load up to and with this customer
            load[r] = total

    def move(i):
        """Make the first move found that brings a neighbour next to i and shortens; whether there was one."""
        r, p = in_route[i], place[i]
        own, di = routes[r], d[i]
        before = own[p - 1] if p else 0
        after = own[p + 1] if p + 1 < len(own) else 0
        gone = d[before][i] + di[after] - d[before][after]  # what leaving its route saves
        for j in near[i - 1]:
            apart = di[j]
            if j == i or (apart >= di[after] and apart >= di[before] and apart >= gone):
                continue
            s, q, dj = in_route[j], place[j], d[j]
            other = routes[s]
            before_j = other[q - 1] if q else 0
            after_j = other[q + 1] if q + 1 < len(other) else 0
            if r != s:
                rest, rest_j = load[r] - head[i], load[s] - head[j]
                tails = apart + d[after][before_j] < di[after] + dj[before_j]  # 2-opt*: exchange tails
                if tails and head[i] + rest_j + demand[j] <= capacity and head[j] - demand[j] + rest <= capacity:
                    routes[r], routes[s] = own[: p + 1] + other[q:], other[:q] + own[p + 1 :]
                    note(r, s)
                    return True
                heads = apart + d[after][after_j] < di[after] + dj[after_j]  # 2-opt*: join heads, join tails
                if heads and head[i] + head[j] <= capacity and rest + rest_j <= capacity:
                    routes[r], routes[s] = own[: p + 1] + other[q::-1], own[:p:-1] + other[q + 1 :]
                    note(r, s)
                    return True
            elif apart + d[after][after_j] < di[after] + dj[after_j]:  # 2-opt: reverse what lies between
                low, high = min(p, q) + 1, max(p, q) + 1
                own[low:high] = own[low:high][::-1]
                note(r)
                return True
            elif apart + d[before][before_j] < di[before] + dj[before_j]:
                low, high = min(p, q), max(p, q)
                own[low:high] = own[low:high][::-1]
                note(r)
                return True
            if r == s or load[s] + demand[i] <= capacity:  # relocate i behind j or before it
                behind = i != after_j and apart + di[after_j] - dj[after_j] < gone
                if behind or (i != before_j and apart + di[before_j] - dj[before_j] < gone):
                    own.remove(i)
                    other.insert(other.index(j) + behind, i)
                    note(r, s)
                    return True
        return False

    note(*range(len(routes)))
    improved = True
    while improved:
        improved = False
        for i in range(1, n + 1):
            while move(i):
                improved = True
    return [visits for visits in routes if visits]
