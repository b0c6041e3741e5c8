"""Hypothesis strategies for what a pause request is made of, valid and invalid, and for its response."""
