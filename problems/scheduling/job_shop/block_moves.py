"""A program written by hand, certified as README.md tells; it is no baseline, and no prompt shows it.

Rules on the shop and on the shop read backwards, and from the best of their schedules tabu search that takes operations to the
begin or the end of their block on a longest path (E. Balas, A. Vazacopoulos, Management Science 44 (1998) 262-275), judged by
heads and tails alone; after a while without a better schedule it goes back to the best one (E. Nowicki, C. Smutnicki, Management
Science 42 (1996) 797-813).
"""

import random

EFFORT = 600_000  # moves times operations
LEAST_MOVES = 500
PATIENCE = 1500
TENURE = 6


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices of the best schedule that was met."""
    back = [row[::-1] for row in durations], [route[::-1] for route in machines]
    orders = []
    for rule in (flow_due_date, most_work, least_slack):
        orders.append(dispatch(durations, machines, rule))
        orders.append(dispatch(*back, rule)[::-1])
    order = min(orders, key=lambda order: makespan(order, durations, machines))
    moves = max(LEAST_MOVES, EFFORT // len(order))
    return improve(order, durations, machines, moves, random.Random(1))


def flow_due_date(p, past, work, t, due, mean):
    """Flow due date over work remaining."""
    return (past + p) / (work or 1)


def most_work(p, past, work, t, due, mean):
    """Most work remaining."""
    return -work


def least_slack(p, past, work, t, due, mean):
    """Slack against a bound on the makespan, and the shorter operation where that is alike."""
    return max(due - work - t, 0) + p


def dispatch(durations, machines, rule):
    """Non-delay schedule: the operation that could end first names the machine, the least value of the rule goes next there."""
    done, past, ready = [0] * len(durations), [0] * len(durations), [0] * len(durations)
    work = [sum(row) for row in durations]
    load = {}
    for row, route in zip(durations, machines, strict=True):
        for p, machine in zip(row, route, strict=True):
            load[machine] = load.get(machine, 0) + p
    due = max(*load.values(), *work)
    mean = sum(work) / sum([len(row) for row in durations])
    free = dict.fromkeys(load, 0)
    waiting = list(range(len(durations)))
    order = []
    while waiting:
        end = -1
        for j in waiting:
            k = done[j]
            start = max(ready[j], free[machines[j][k]])
            if end < 0 or start + durations[j][k] < end:
                machine, end = machines[j][k], start + durations[j][k]
        starts = {j: max(ready[j], free[machine]) for j in waiting if machines[j][done[j]] == machine}
        t = min(starts.values())
        job = min(
            [j for j, start in starts.items() if start == t],
            key=lambda j: rule(durations[j][done[j]], past[j], work[j], t, due, mean),
        )
        p = durations[job][done[job]]
        ready[job] = free[machine] = t + p
        past[job] += p
        work[job] -= p
        done[job] += 1
        if done[job] == len(durations[job]):
            waiting.remove(job)
        order.append(job)
    return order


def makespan(order, durations, machines):
    """When the last operation ends."""
    ready, free, done = [0] * len(durations), {}, [0] * len(durations)
    for j in order:
        machine = machines[j][done[j]]
        ready[j] = free[machine] = max(ready[j], free.get(machine, 0)) + durations[j][done[j]]
        done[j] += 1
    return max(ready)


class Graph:
    """Operations numbered job by job, who is before and behind each in its job and on its machine (-1: nobody), and when.

    Lists of times have one entry more, 0, which is what -1 finds.
    """

    def __init__(self, order, durations, machines):
        self.job = [j for j, row in enumerate(durations) for _ in row]
        self.p = [p for row in durations for p in row]
        n = len(self.p)
        on = [machine for route in machines for machine in route]
        self.job_before = [i - 1 if i and self.job[i - 1] == self.job[i] else -1 for i in range(n)]
        self.job_after = [i + 1 if i + 1 < n and self.job[i + 1] == self.job[i] else -1 for i in range(n)]
        self.before, self.after, self.topo = [-1] * n, [-1] * n, []
        following = [self.job.index(j) for j in range(len(durations))]
        last = {}
        for j in order:
            i = following[j]
            following[j] += 1
            self.before[i] = last.get(on[i], -1)
            if self.before[i] >= 0:
                self.after[self.before[i]] = i
            last[on[i]] = i
            self.topo.append(i)
        self.end, self.tail, self.place = [0] * (n + 1), [0] * (n + 1), [0] * n

    def update(self, low, high):
        """Times after a change between two places of the topological order; returns the makespan."""
        topo, p, end, tail, place = self.topo, self.p, self.end, self.tail, self.place
        job_before, before, job_after, after = self.job_before, self.before, self.job_after, self.after
        for at in range(low, high + 1):
            place[topo[at]] = at
        for i in topo[low:]:
            a, b = end[job_before[i]], end[before[i]]
            end[i] = (a if a > b else b) + p[i]
        for i in topo[high::-1]:
            a, b = tail[job_after[i]], tail[after[i]]
            tail[i] = (a if a > b else b) + p[i]
        return max(end)

    def state(self):
        """What `restore` needs."""
        return self.topo[:], self.before[:], self.after[:]

    def restore(self, state):
        """Go back to an earlier state; returns its makespan."""
        self.topo, self.before, self.after = (part[:] for part in state)
        return self.update(0, len(self.topo) - 1)

    def blocks(self, value, rng):
        """A longest path, by chance where there are several, cut where it leaves a machine."""
        p, end, tail = self.p, self.end, self.tail
        i = rng.choice([i for i in self.topo if tail[i] == value and end[i] == p[i]])
        found = [[i]]
        while end[i] < value:
            e = end[i]
            ways = [(x, x == self.after[i]) for x in {self.job_after[i], self.after[i]} if x >= 0]
            ways = [(x, same) for x, same in ways if end[x] - p[x] == e and e + tail[x] == value]
            i, same = ways[0] if len(ways) == 1 else rng.choice(sorted(ways))
            if same:
                found[-1].append(i)
            else:
                found.append([i])
        return found

    def moves(self, blocks):
        """(new stretch, first, last, whether the first goes behind the last), none of which can close a cycle."""
        p, end, tail, job_before, job_after = self.p, self.end, self.tail, self.job_before, self.job_after
        found = []
        for number, block in enumerate(blocks):
            if number < len(blocks) - 1:
                v = block[-1]
                for at in range(len(block) - 1):
                    u, a = block[at], job_after[block[at]]
                    if a != v and (a < 0 or tail[a] < p[a] + tail[v]):
                        found.append(([*block[at + 1 :], u], u, v, True))
            if number > 0:
                u = block[0]
                for at in range(1, len(block)):
                    v, b = block[at], job_before[block[at]]
                    if b != u and (b < 0 or end[b] - p[b] < end[u]):
                        found.append(([v, *block[:at]], u, v, False))
        return found

    def estimate(self, stretch, u, v):
        """Longest path through a new stretch, times elsewhere as they are."""
        p, end, tail, job_before, job_after = self.p, self.end, self.tail, self.job_before, self.job_after
        e, begins = end[self.before[u]], []
        for i in stretch:
            x = end[job_before[i]]
            if x > e:
                e = x
            begins.append(e)
            e += p[i]
        way, longest = tail[self.after[v]], 0
        for at in range(len(stretch) - 1, -1, -1):
            i = stretch[at]
            x = tail[job_after[i]]
            way = (x if x > way else way) + p[i]
            if begins[at] + way > longest:
                longest = begins[at] + way
        return longest

    def move(self, stretch, u, v, behind):
        """Put a stretch into its new order; returns the makespan."""
        low, high = self.place[u], self.place[v]
        segment = self.topo[low : high + 1]
        # What u's job needs u for goes behind v as well; what v's job needs goes before u.
        if behind:
            moved, rest = {self.job_after[u]}, []
            for i in segment[1:]:
                if i in moved:
                    moved.update((self.job_after[i], self.after[i]))
                else:
                    rest.append(i)
            segment = [*rest, u, *[i for i in segment[1:] if i in moved]]
        else:
            moved, rest = {self.job_before[v]}, []
            for i in segment[-2::-1]:
                if i in moved:
                    moved.update((self.job_before[i], self.before[i]))
                else:
                    rest.append(i)
            segment = [*[i for i in segment[:-1] if i in moved], v, *rest[::-1]]
        self.topo[low : high + 1] = segment
        b, a = self.before[u], self.after[v]
        for i in stretch:
            self.before[i] = b
            if b >= 0:
                self.after[b] = i
            b = i
        self.after[b] = a
        if a >= 0:
            self.before[a] = b
        return self.update(low, high)


def improve(order, durations, machines, moves, rng):
    """Tabu search: no pair that was turned round is turned back for a while, unless that makes the best schedule so far."""
    graph = Graph(order, durations, machines)
    load = {}
    for row, route in zip(durations, machines, strict=True):
        for p, machine in zip(row, route, strict=True):
            load[machine] = load.get(machine, 0) + p
    bound = max(*load.values(), *[sum(row) for row in durations])
    value = graph.update(0, len(graph.topo) - 1)
    best, kept, best_at, tabu = value, graph.state(), 0, {}
    for step in range(1, moves + 1):
        if best == bound:
            break
        if step - best_at > PATIENCE:
            value, best_at, tabu = graph.restore(kept), step, {}
        chosen = None
        for stretch, u, v, behind in graph.moves(graph.blocks(value, rng)):
            estimate = graph.estimate(stretch, u, v)
            turned = [(u, x) for x in stretch[:-1]] if behind else [(x, v) for x in stretch[1:]]
            barred = estimate >= best and any(tabu.get(pair, 0) > step for pair in turned)
            key = (barred, 0 if barred else estimate, rng.random())
            if chosen is None or key < chosen[0]:
                chosen = key, (stretch, u, v, behind), turned
        if chosen is None:  # no way to shorten this path: another one, from the best schedule
            best_at = step - PATIENCE
            continue
        for u, v in chosen[2]:
            tabu[v, u] = step + TENURE + rng.randrange(TENURE)
        value = graph.move(*chosen[1])
        if value < best:
            best, kept, best_at = value, graph.state(), step
    return [graph.job[i] for i in kept[0]]
