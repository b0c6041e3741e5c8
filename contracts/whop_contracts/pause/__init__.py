"""Everything that is specific to the endpoint: clauses, oracle, request classes, sequences, strategies."""
