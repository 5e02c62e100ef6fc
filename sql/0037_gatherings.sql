-- One link for many phones: each that opens it becomes a device of the group, until it is over or so many are there.
create table gathering (
    key integer generated always as identity primary key,
    id text not null unique check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text not null check (length(name) between 1 and 200),
    in_group integer not null references rights_group on delete cascade,
    hash bytea not null unique check (length(hash) = 32),
    most integer not null check (most between 1 and 10000),
    expires_at timestamptz not null,
    made_at timestamptz not null default now()
);
create index on gathering (in_group);

create table gathering_device (
    gathering integer not null references gathering on delete cascade,
    device integer primary key references device on delete cascade,
    number integer not null, -- in the order in which they came
    scanned_at timestamptz not null default now(),
    reminded_at timestamptz,
    unique (gathering, number)
);

-- What the phone's person said to being asked for the position; null: the page could not find out.
alter table device_status add column location text check (location in ('granted', 'denied', 'prompt'));
