-- One address for every phone app: its key is kept readable, as a webhook's secret is, and opens nothing else.
create function new_ingest_key() returns text language sql volatile as $$
    -- 24 of the 32 bytes of two random uuids, of which 10 bits are fixed: 182 random bits in 32 characters
    select translate(encode(substring(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) for 24), 'base64'), '+/', '-_')
$$;
alter table device add column ingest_key text not null unique default new_ingest_key();
alter table device add column owntracks_secret text check (length(owntracks_secret) between 1 and 200);

-- In which dialect a fix came, where it was not our own: between two of them the same fix may come twice.
alter table fix add column dialect smallint;

-- What was understood of a device's apps, one row for each dialect it was heard in.
create table device_app (
    device integer not null references device on delete cascade,
    dialect smallint not null,
    app text not null,
    version text,
    speed text, -- the unit in which it says its speed
    note text, -- what it said last that is no fix
    first_seen timestamptz not null,
    last_seen timestamptz not null, -- kept to half a minute, but for what brought no fix
    primary key (device, dialect)
);
