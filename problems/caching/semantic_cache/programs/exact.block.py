"""Answers are reused for the same text only, and the least recently used is dropped.

E. P. Markatos, "On caching search engine query results", Computer Communications 24 (2001), with LRU.
"""

THRESHOLD = 1.0
LIMIT = None
# The rest is from gptcache.py: Policy.
