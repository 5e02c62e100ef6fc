-- Who reports, and who may look.
create extension if not exists postgis;

create table installation (
    single boolean primary key default true check (single),
    id uuid not null default gen_random_uuid()
);
insert into installation default values;

create table device (
    key integer generated always as identity primary key,
    id text not null unique check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text not null check (length(name) between 1 and 200),
    category text check (length(category) <= 64),
    created_at timestamptz not null default now()
);

create table token (
    id integer generated always as identity primary key,
    kind text not null check (kind in ('device', 'viewer', 'admin')),
    device integer references device on delete cascade,
    name text not null default '',
    hash bytea not null unique check (length(hash) = 32),
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    check ((kind = 'device') = (device is not null))
);
create index on token (device);

create table session (
    hash bytea primary key check (length(hash) = 32),
    token integer references token on delete cascade, -- null: the operator's admin token, which has no row
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index on session (expires_at);
create index on session (token);
