"""Greedy group recursion with its early stop: after four splits by rows or two by columns the rest is left to statistics.

S. Liu, A. Biswal, A. Kamsetty, A. Cheng, L. G. Schroeder, L. Patel, S. Cao, X. Mo, I. Stoica, J. E. Gonzalez, M. Zaharia,
Optimizing LLM queries in relational data analytics workloads, MLSys 2025.
"""

LIMITS = (4, 2)  # splits by rows and by columns before the rest is left to statistics


# The rest is from ggr.py: reorder, _best_cell, _dependencies, _by_statistics.
