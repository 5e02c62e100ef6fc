-- Devices whose stored fixes go on to another server. A cursor over the log, not a row for each fix.
create table forward (
    device integer primary key references device on delete cascade,
    number integer not null generated always as identity, -- of this wish: one that was changed meanwhile is another
    kind text not null check (kind in ('owntracks', 'tracker')),
    url text not null check (length(url) <= 2000),
    name text not null check (length(name) between 1 and 200), -- what the device is called there
    secret text check (length(secret) <= 500), -- what it signs in with there; kept readable, for it has to be shown there
    made_at timestamptz not null default now(),
    reached timestamptz not null, -- received_at of the last fix that the other server has
    sent bigint not null default 0,
    sent_at timestamptz,
    failures integer not null default 0, -- in a row
    error text,
    error_at timestamptz,
    due timestamptz not null default now(),
    leased_until timestamptz
);
create index on forward (due);
