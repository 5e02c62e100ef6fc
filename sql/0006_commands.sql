create table command (
    id text primary key,
    device integer not null references device on delete cascade,
    name text not null,
    args jsonb not null default '{}',
    created_at timestamptz not null default now(),
    expires timestamptz not null,
    answered_at timestamptz,
    ok boolean,
    detail text,
    check ((answered_at is null) = (ok is null))
);
create index command_open on command (device, created_at) where answered_at is null;
