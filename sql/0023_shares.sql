-- Sharing links. What a link shows leaves through its veil (model/share.py), kept as it was made: a hole stays where it is
-- when the geofence it was made of is moved or deleted, for a link must not show more than it did because of that.
create table share (
    key integer generated always as identity primary key,
    id text not null unique check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    hash bytea not null unique check (length(hash) = 32), -- of the code in the link
    name text not null default '' check (length(name) <= 200),
    in_group integer references rights_group on delete cascade, -- null: the devices of share_device
    veil jsonb not null,
    hide text[] not null default '{}', -- ids of the geofences its holes were made of
    stop text, -- the id of the geofence at which a device arrives
    password text, -- argon2id
    max_viewers integer not null check (max_viewers between 1 and 100000),
    frames text[], -- origins of pages that may frame it; null: any
    by_person integer references person on delete cascade, -- who made it, and what it is worth
    by_token integer references token on delete cascade, -- neither: the operator's own
    made_at timestamptz not null default now(),
    until timestamptz not null,
    ended_at timestamptz
);
create index on share (until) where ended_at is null;

create table share_device (
    share integer not null references share on delete cascade,
    device integer not null references device on delete cascade,
    alias text not null check (alias ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text not null check (length(name) between 1 and 200),
    arrived_at timestamptz, -- at `stop`
    primary key (share, device),
    unique (share, alias)
);
create index on share_device (device);

-- Who looked: one row for each time a link was opened, with the hash of the bearer that was given for it.
create table share_look (
    hash bytea primary key check (length(hash) = 32),
    share integer not null references share on delete cascade,
    address text not null,
    program text not null,
    began_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index on share_look (share, began_at);

-- Who read where a person's own device had been: the person asks.
create index on audit (object, number) where deed = 'history.read';

-- Where holes lie beside what they hide, and when the days of blurred devices begin: two random uuids, 244 random bits.
alter table installation add column veil_key bytea not null
    default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) check (length(veil_key) = 32);
