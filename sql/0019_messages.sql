-- The conversation with whoever holds a device, in both directions, and what a device says that is no fix.

-- As event_head: locked by the statement or the transaction that adds messages, so their numbers have no gaps and become
-- visible in their order.
create table message_head (
    single boolean primary key default true check (single),
    number bigint not null default 0
);
insert into message_head default values;

create table message (
    number bigint primary key,
    device integer not null references device on delete cascade,
    direction text not null check (direction in ('up', 'down')), -- up: from the device
    id text not null check (length(id) between 1 and 64), -- the device's own, or that of the command
    text text not null,
    at timestamptz not null, -- when it was written
    received_at timestamptz not null default now(),
    stamp bigint not null default 0, -- up: the writer's, of the counter that stamps the fixes, in microseconds
    alarm text,
    event bigint, -- of the alarm
    sent_at timestamptz, -- down: to the device; what became of it then is the command's
    read_at timestamptz, -- down: by its person; up: somebody has seen the alarm
    unique (device, direction, id)
);
create index on message (device, number);

-- What a device says of itself beside its fixes, by the writer's stamp.
create table device_status (
    device integer not null references device on delete cascade,
    stamp bigint not null, -- µs
    page text not null check (page in ('visible', 'hidden')),
    battery real,
    steps bigint,
    paused boolean not null,
    until timestamptz, -- of the pause
    primary key (device, stamp)
);

-- Who has seen an event: the first to say so. Of an alarm its device is told.
create table event_seen (
    event bigint primary key,
    by text not null,
    at timestamptz not null default now()
);

-- An alarm is repeated until somebody has seen it.
create table alarm (
    event bigint primary key,
    told_at timestamptz not null default now(),
    repeats smallint not null default 0
);

-- Both end with their events, however these are cut: a foreign key would keep the log of events from being emptied.
create function forget_events() returns trigger language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' then
        truncate event_seen, alarm;
    else
        delete from event_seen where event in (select id from gone);
        delete from alarm where event in (select id from gone);
    end if;
    return null;
end $$;
create trigger forget_cut after delete on event referencing old table as gone
    for each statement execute function forget_events();
create trigger forget_all after truncate on event for each statement execute function forget_events();

-- An alarm is told also where no place is known.
alter table event alter column lon drop not null, alter column lat drop not null;
