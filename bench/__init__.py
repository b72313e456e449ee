"""The budgets, measured: every figure stands beside another one of the same run, because only ratios hold."""
