"""A computer with a GPS receiver as a device: what gpsd or the receiver itself says becomes fixes."""
