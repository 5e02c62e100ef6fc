"""What the presets make of noisy fixes, against a known truth: `python -m bench.noise`.

In the direction of the data: ways, receivers -> scenarios -> engine, truth -> score -> table.
"""
