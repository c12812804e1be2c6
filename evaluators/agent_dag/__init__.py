"""Verifier and bound of `scheduling/agent_dag`."""
