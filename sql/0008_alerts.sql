-- Who wishes to be told of which events, what is to be told, and what became of it.
create table subscription (
    key integer generated always as identity primary key,
    id text not null unique check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text not null default '' check (length(name) <= 200),
    wish jsonb not null, -- which events, and when
    channel jsonb not null, -- how: {"kind": "webhook", "url": ...}
    secrets text[] not null check (cardinality(secrets) between 1 and 2), -- to sign with, so they cannot be hashed
    former_until timestamptz, -- until then messages are signed with the second secret too
    enabled boolean not null default true,
    reason text, -- why the server disabled it
    created_at timestamptz not null default now()
);

-- Counts up with every change of any subscription; the writer reads it where there are events.
create table subscription_head (
    single boolean primary key default true check (single),
    revision bigint not null default 0
);
insert into subscription_head default values;

-- Written by the transaction that makes the event, emptied by the sender. No foreign keys: they would take locks, and
-- a subscription that is deleted in that moment must not fail the fixes.
create table outbox (
    event bigint not null,
    subscription integer not null,
    device text not null,
    geofence text not null, -- '' for an event without one
    type text not null,
    at timestamptz not null,
    detected_at timestamptz not null,
    body jsonb not null, -- the event as people see it; it outlives its device
    primary key (event, subscription)
);

-- One message to one subscription. In a lane (subscription, device, geofence) only the first that waits has a `due`.
create table delivery (
    id bigint generated always as identity primary key,
    subscription integer not null,
    message bigint, -- the delivery this one repeats; null: itself
    device text not null, -- '' for a group
    geofence text not null,
    type text not null,
    count integer not null check (count > 0),
    body jsonb not null, -- array of events
    state text not null check (state in ('waiting', 'sent', 'dead', 'skipped')),
    reason text,
    attempts integer not null default 0,
    not_before timestamptz not null default now(),
    due timestamptz,
    created_at timestamptz not null default now(),
    finished_at timestamptz
);
create index delivery_due on delivery (subscription, due) where state = 'waiting' and due is not null;
create index delivery_fresh on delivery (subscription, created_at) where state = 'waiting' and due is not null;
create index delivery_waiting on delivery (subscription, device, geofence, id) where state = 'waiting';
create index delivery_listed on delivery (subscription, id);
create index delivery_made on delivery (created_at);

create table attempt (
    delivery bigint not null references delivery on delete cascade,
    number integer not null,
    at timestamptz not null,
    ms integer not null,
    status integer, -- null: no answer
    error text,
    primary key (delivery, number)
);

-- When a subscription with a cooldown was last told of a device and a geofence.
create table cooldown (
    subscription integer not null,
    device text not null,
    geofence text not null,
    told_at timestamptz not null,
    primary key (subscription, device, geofence)
);
