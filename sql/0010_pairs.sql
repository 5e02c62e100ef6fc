-- How often a device is expected to say where it is. One without an interval is never told to be offline.
alter table device add column interval_s double precision check (interval_s between 1 and 86400);

-- Two devices of which it is told when they are near each other, and when they are apart again. One pair of any two.
create table pair (
    key integer generated always as identity primary key,
    id text not null unique check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    one integer not null references device on delete cascade,
    two integer not null references device on delete cascade,
    distance double precision not null check (distance between 1 and 1000000), -- m
    preset text not null check (preset in ('strict', 'balanced', 'calm')),
    since bigint not null, -- the newest event when it was made: what was told before was told of another pair
    created_at timestamptz not null default now(),
    check (one <> two)
);
create unique index on pair (least(one, two), greatest(one, two));
create index on pair (one);
create index on pair (two);

-- Counts up with every change of any pair; a batch reads it with its ownership and reloads when it moved.
create table pair_head (
    single boolean primary key default true check (single),
    revision bigint not null default 0
);
insert into pair_head default values;

-- A start asks who is offline, and who is near whom.
create index on transition (device, event) where kind in ('offline', 'online');
create index on transition (device, other, event) where kind in ('near', 'apart');

-- Events of two devices are events of both.
create index event_other_idx on event ((evidence ->> 'other'), id) where evidence ? 'other';
