-- 'noted' and 'doubted': a geofence that came into force found a device inside, or in doubt at its border. Both tell nobody
-- anything; the first begins a stay, and what comes late is folded in behind both. Their stamp is that of just before the
-- geofence was in force.
alter table transition drop constraint transition_kind_check;
alter table transition add constraint transition_kind_check check (
    kind in ('enter', 'exit', 'cross', 'dwell', 'speeding', 'release', 'offline', 'online', 'near', 'apart', 'absent',
             'present', 'battery_low', 'frozen', 'silent', 'moving', 'stopped', 'moved', 'noted', 'doubted'));
