"""A device's side of the device stream: what it holds until the server has it, one connection, and the way back.

Used by the simulator, by `tracker replay` and by `tracker stream`; `docs/client.md` shows it in twenty lines.
"""
