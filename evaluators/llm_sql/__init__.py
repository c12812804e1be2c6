"""Verifier, bound and search of `caching/llm_sql`."""
