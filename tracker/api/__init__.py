"""HTTP: one blueprint per noun, each built by a function that takes what it needs."""
