-- What counts for the installation, whichever of its processes saw it.

-- What passkeys signed: no signature is worth anything twice. Kept until the challenge is over by itself.
create table used_challenge (
    digest bytea primary key,
    ends_at timestamptz not null
);

-- How many fixes of a device came again, by the hour, for a day.
create table repeated_fix (
    device integer not null references device on delete cascade,
    hour bigint not null, -- since 1970
    count bigint not null,
    primary key (device, hour)
);

-- What OwnTracks was told last in an answer, and to which message: where that comes again, its answer was lost.
create table handed_answer (
    device integer primary key references device on delete cascade,
    mark bytea not null, -- a hash of what tells the message from the next
    commands jsonb not null,
    given_at timestamptz not null default now()
);
