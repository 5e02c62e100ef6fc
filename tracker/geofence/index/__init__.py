"""Which geofences cover a place, asked of a grid for many places at once."""
