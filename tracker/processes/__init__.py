"""Processes: the parent that keeps the others running, and what each of them is when it starts."""
