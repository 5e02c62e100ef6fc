"""How positions and events leave: the bus, the hub, and the viewers."""
