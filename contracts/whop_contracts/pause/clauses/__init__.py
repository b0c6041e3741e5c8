"""The clauses of the documentation page, a module for each of its larger parts."""
