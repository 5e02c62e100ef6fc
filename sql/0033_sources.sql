-- An address for what speaks for many devices: a forwarding server, a gateway, a broker.
create table source (
    key integer generated always as identity primary key,
    id text not null unique check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text not null check (length(name) between 1 and 200),
    ingest_key text not null unique default new_ingest_key(),
    in_group integer references rights_group on delete cascade, -- null: the installation's
    fault text, -- what came last and names no device, or cannot be read: why, and some of it
    fault_at timestamptz,
    made_at timestamptz not null default now()
);

-- Which device a source means by a name.
create table source_device (
    source integer not null references source on delete cascade,
    name text not null check (length(name) between 1 and 200),
    device integer not null references device on delete cascade,
    primary key (source, name)
);
create index on source_device (device);

-- The names a source said that are no device yet, and their fixes of a day, as they will be stored.
create table unknown_device (
    source integer not null references source on delete cascade,
    name text not null check (length(name) between 1 and 200),
    app text not null,
    note text, -- what it said last that is no fix, or why nothing of it can be read
    fixes integer not null default 0,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (source, name)
);
create table unknown_fix (
    source integer not null,
    name text not null,
    at timestamptz not null,
    lon_e7 integer not null,
    lat_e7 integer not null,
    received_at timestamptz not null,
    dialect smallint not null,
    fix jsonb not null,
    primary key (source, name, at, lon_e7, lat_e7),
    foreign key (source, name) references unknown_device on delete cascade
);
create index on unknown_fix (received_at);
