"""The source sends everything to every destination itself; no region passes anything on.

The baseline of S. Wooders et al., "Cloudcast: High-Throughput, Cost-Aware Overlay Multicast in the Cloud", NSDI 2024.
"""


def broadcast(src, dsts, price, gbps, params):
    """One edge for each destination."""
    return [[[src, d]] * params["parts"] for d in dsts]
