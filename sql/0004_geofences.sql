create table geofence (
    key integer generated always as identity primary key,
    id text not null unique check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    revision bigint not null,
    feature jsonb not null, -- as it was given, with its id
    shape geometry(Geometry, 4326) not null, -- what it covers, split at 180 degrees; a circle's is a polygon to look at
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (st_isvalid(shape))
);
create index geofence_shape on geofence using gist (shape);

-- Counts up with every change of any geofence; a batch reads it with its ownership and reloads when it moved.
create table geofence_head (
    single boolean primary key default true check (single),
    revision bigint not null default 0
);
insert into geofence_head default values;
