-- Transitions happen once each, whatever is replayed; events are the numbered facts told to people.
create table transition (
    device integer not null references device on delete cascade,
    geofence integer not null,
    at timestamptz not null,
    kind text not null check (kind in ('enter', 'exit')),
    primary key (device, geofence, at, kind)
);

create table event (
    id bigint primary key,
    type text not null,
    device integer not null references device on delete cascade,
    geofence text, -- the id: an event outlives its geofence
    at timestamptz not null,
    detected_at timestamptz not null,
    late boolean not null default false,
    lon double precision not null,
    lat double precision not null,
    evidence jsonb not null
);
create index on event (device, id);
create index on event (geofence, id);

-- Locked by the transaction that adds events, until it commits: numbers have no gaps and become visible in their order,
-- so a reader that has seen 7 will never find a 6 it missed.
create table event_head (
    single boolean primary key default true check (single),
    id bigint not null default 0
);
insert into event_head default values;
