-- Whether it is told that a device sets out and stops; and that it was moved while parked: how far (m), and since when it
-- is guarded, by which one arming is told from the next.
alter table device
    add column trips boolean not null default false,
    add column guard_radius real check (guard_radius > 0 and guard_radius <= 100000),
    add column guarded_at timestamptz,
    add check ((guard_radius is null) = (guarded_at is null));

alter table transition drop constraint transition_kind_check;
alter table transition add constraint transition_kind_check check (
    kind in ('enter', 'exit', 'cross', 'dwell', 'speeding', 'release', 'offline', 'online', 'near', 'apart', 'absent',
             'present', 'battery_low', 'frozen', 'silent', 'moving', 'stopped', 'moved'));
