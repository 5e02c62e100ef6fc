"""How far a place lies from a border, and what a way passes through."""
