"""What the apps that people have already say: bytes become a Report here. Pure: no clock, no I/O."""
