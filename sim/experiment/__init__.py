"""Experiments on markets: paired comparisons and what they mean in money."""
