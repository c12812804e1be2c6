"""The nearest answer if its similarity is at least 0.8 and it has not expired; the least recently used is dropped.

S. Regmi and C. P. Pun, "GPT Semantic Cache: Reducing LLM Costs and Latency via Semantic Embedding Caching" (2024), arXiv
2411.05276: threshold 0.8 and a time to live for every entry. The time, which depends on the application, was chosen on train.
"""

THRESHOLD = 0.8
LIMIT = 30
# The rest is from gptcache.py: Policy.
