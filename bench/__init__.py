"""Measures the budgets: each figure as a ratio to another one of the same run, because machines differ."""
