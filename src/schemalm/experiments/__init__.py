"""Experiments: arms that differ in their tokens or their training, all else equal, and what came of them."""
