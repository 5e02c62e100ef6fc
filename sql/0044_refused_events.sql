-- What a batch told and the database refuses to number, again and again, by what it holds: set aside, so that what was told
-- after it gets its numbers. Whoever mends the cause puts it back by hand: docs/operating.md says how.
create table refused_event (
    id bigint primary key, -- that of unnumbered
    device integer not null references device on delete cascade,
    event bigint, -- its number, where only its alerts were refused
    told jsonb not null, -- the row of unnumbered
    reason text not null,
    refused_at timestamptz not null default now()
);
create index refused_event_device_idx on refused_event (device);
