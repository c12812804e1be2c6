"""AST mutation operators, one family in each file; all randomness comes from the caller's generator."""
