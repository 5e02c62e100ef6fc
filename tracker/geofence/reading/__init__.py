"""What strangers draw, as text: GeoJSON, KML and GPX become geofences, or a reason why not."""
