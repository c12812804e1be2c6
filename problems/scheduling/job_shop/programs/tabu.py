"""FDD/MWKR, then 500 moves of tabu search: swap the first or the last two operations of a block on the longest path.

V. Sels, N. Gheysen, M. Vanhoucke, "A comparison of priority rules for the job shop scheduling problem under different flow
time- and tardiness-related objective functions", International Journal of Production Research 50 (2012) 4255-4270. Neighbourhood
and list: E. Nowicki, C. Smutnicki, "A fast taboo search algorithm for the job shop problem", Management Science 42 (1996)
797-813. Estimate of a move: E. Taillard, "Parallel taboo search techniques for the job shop scheduling problem", ORSA Journal on
Computing 6 (1994) 108-117.
"""

MOVES = 500
TENURE = 8


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices of the best schedule that was met."""
    order = dispatch(durations, machines, lambda row, k: sum(row[: k + 1]) / max(sum(row[k:]), 1))
    ops = [(j, k) for j, row in enumerate(durations) for k in range(len(row))]
    number = {op: i for i, op in enumerate(ops)}
    p = [durations[j][k] for j, k in ops]
    on = [machines[j][k] for j, k in ops]
    job_before = [number.get((j, k - 1), -1) for j, k in ops]
    job_after = [number.get((j, k + 1), -1) for j, k in ops]
    before, after = [-1] * len(ops), [-1] * len(ops)
    done, last = [0] * len(durations), {}
    for j in order:
        i = number[j, done[j]]
        done[j] += 1
        b = last.get(on[i], -1)
        before[i] = b
        if b >= 0:
            after[b] = i
        last[on[i]] = i
    head, tail, topological = longest_paths(p, job_before, job_after, before, after)
    best, kept = max(tail), topological
    tabu: dict[tuple[int, int], int] = {}
    for move in range(MOVES):
        value = max(tail)
        path = [next(i for i in topological if head[i] == 0 and tail[i] == value)]
        while True:
            i = path[-1]
            end = head[i] + p[i]
            if after[i] >= 0 and head[after[i]] == end and end + tail[after[i]] == value:
                path.append(after[i])
            elif job_after[i] >= 0 and head[job_after[i]] == end and end + tail[job_after[i]] == value:
                path.append(job_after[i])
            else:
                break
        chosen = None
        for u, v in swaps(path, on, after, job_after):
            estimate = judged(u, v, p, head, tail, job_before, job_after, before, after)
            free = tabu.get((u, v), -1) < move or estimate < best
            if chosen is None or (not free, estimate) < chosen[:2]:
                chosen = (not free, estimate, u, v)
        if chosen is None:  # the longest path is a job, or one machine at work without a pause: nothing can shorten it
            break
        _, _, u, v = chosen
        a, b = before[u], after[v]
        before[v], after[v], before[u], after[u] = a, u, v, b
        if a >= 0:
            after[a] = v
        if b >= 0:
            before[b] = u
        tabu[v, u] = move + TENURE
        head, tail, topological = longest_paths(p, job_before, job_after, before, after)
        if len(topological) < len(p):  # a cycle, which operations of no duration can close
            break
        if max(tail) < best:
            best, kept = max(tail), topological
    return [ops[i][0] for i in kept]


def swaps(path, on, after, job_after):
    """Pairs at the ends of the blocks of a longest path; not at the begin of the first block nor at the end of the last."""
    blocks = []
    for i in path:
        if blocks and after[blocks[-1][-1]] == i and on[blocks[-1][-1]] == on[i]:
            blocks[-1].append(i)
        else:
            blocks.append([i])
    pairs = {}
    for at, block in enumerate(blocks):
        if len(block) > 1:
            if at > 0:
                pairs[block[0], block[1]] = None
            if at < len(blocks) - 1:
                pairs[block[-2], block[-1]] = None
    return [(u, v) for u, v in pairs if job_after[u] != v]


def judged(u, v, p, head, tail, job_before, job_after, before, after):
    """Longest path through u or v after their swap, heads and tails elsewhere as they are."""

    def end_of(i):
        return head[i] + p[i] if i >= 0 else 0

    def way_from(i):
        return tail[i] if i >= 0 else 0

    head_v = max(end_of(job_before[v]), end_of(before[u]))
    head_u = max(end_of(job_before[u]), head_v + p[v])
    tail_u = p[u] + max(way_from(job_after[u]), way_from(after[v]))
    tail_v = p[v] + max(way_from(job_after[v]), tail_u)
    return max(head_v + tail_v, head_u + tail_u)


def longest_paths(p, job_before, job_after, before, after):
    """Earliest start of each operation, longest way from its start to the end of all, and an order to go by."""
    n = len(p)
    waits = [(job_before[i] >= 0) + (before[i] >= 0) for i in range(n)]
    topological = [i for i in range(n) if not waits[i]]
    head, tail = [0] * n, [0] * n
    for i in topological:  # grows while it is read
        end = head[i] + p[i]
        for following in (job_after[i], after[i]):
            if following >= 0:
                if end > head[following]:
                    head[following] = end
                waits[following] -= 1
                if not waits[following]:
                    topological.append(following)
    for i in reversed(topological):
        a, b = job_after[i], after[i]
        tail[i] = p[i] + max(tail[a] if a >= 0 else 0, tail[b] if b >= 0 else 0)
    return head, tail, topological


def dispatch(durations, machines, rule):
    """The operation that could end first names the machine; of those that wait there and could start first, the one with the
    least value of the rule goes next. Ties by index."""
    done = [0] * len(durations)
    ready = [0] * len(durations)
    free = {machine: 0 for route in machines for machine in route}
    waiting = [j for j, row in enumerate(durations) if row]
    order = []
    while waiting:
        end = -1
        for j in waiting:
            k = done[j]
            start = max(ready[j], free[machines[j][k]])
            if end < 0 or start + durations[j][k] < end:
                machine, end = machines[j][k], start + durations[j][k]
        starts = {j: max(ready[j], free[machine]) for j in waiting if machines[j][done[j]] == machine}
        least = min(starts.values())
        job = min([j for j, t in starts.items() if t == least], key=lambda j: rule(durations[j], done[j]))
        ready[job] = free[machine] = least + durations[job][done[job]]
        done[job] += 1
        if done[job] == len(durations[job]):
            waiting.remove(job)
        order.append(job)
    return order
