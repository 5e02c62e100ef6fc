-- What late fixes may change: a transition knows when it was decided and which event told it. One that turned out false is
-- deleted here; its event stays, and another event takes it back.
alter table transition
    drop constraint transition_kind_check,
    drop constraint transition_pkey,
    add column other integer not null default 0, -- the other device of near and apart
    add column decided_at timestamptz, -- the device's time of the fix that made it sure
    add column event bigint, -- its number; null for those from before this column
    add check (kind in ('enter', 'exit', 'cross', 'dwell', 'speeding', 'offline', 'online', 'near', 'apart')),
    add primary key (device, geofence, at, kind, other);
update transition set decided_at = at;
alter table transition alter column decided_at set not null;
create index on transition (device, decided_at);
drop index transition_device_at_idx;

-- Earlier states of each device, from which late fixes are folded in.
create table anchor (
    device integer primary key references device on delete cascade,
    states jsonb not null -- array, the oldest first
);
