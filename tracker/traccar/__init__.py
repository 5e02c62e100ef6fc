"""What a Traccar server knows, taken over: devices, groups, geofences and users, by its API and ours."""
