-- The log. Everything else is folded from it.
--
-- Places are whole 1e-7 degrees: an integer can be neither NaN nor infinite, compares exactly, and takes 8 bytes where a
-- stored geometry takes 29. The view fix_place gives them as geometry. The columns are ordered by size so that none is padded.
create table fix (
    at timestamptz not null,
    received_at timestamptz not null, -- strictly increasing per writer: the order in which fixes were folded
    device integer not null, -- no foreign key: it would be checked for each row
    lon_e7 integer not null check (lon_e7 between -1800000000 and 1799999999),
    lat_e7 integer not null check (lat_e7 between -900000000 and 900000000),
    speed real check (speed >= 0 and speed < 'Infinity'),
    heading real check (heading >= 0 and heading < 360),
    accuracy real check (accuracy > 0 and accuracy < 'Infinity'),
    altitude real check (altitude between -500 and 20000),
    battery_e4 smallint check (battery_e4 between 0 and 10000),
    flags smallint not null default 0 check (flags between 0 and 31),
    attributes jsonb,
    primary key (device, at),
    check (at >= '2000-01-01T00:00:00Z'),
    check (at <= received_at + interval '10 minutes 1 second')
) partition by range (at);

-- Rows lie in the order of received_at, so a few bytes a megabyte find "everything since the checkpoint".
create index fix_received on fix using brin (received_at);

create view fix_place as
select d.id as device, f.at, f.received_at,
       st_setsrid(st_makepoint(f.lon_e7 / 1e7, f.lat_e7 / 1e7), 4326) as place,
       f.speed, f.heading, f.accuracy, f.altitude, f.battery_e4 / 1e4 as battery, f.flags, f.attributes
from fix f join device d on d.key = f.device;

create table quarantine (
    id bigint generated always as identity primary key,
    device integer not null references device on delete cascade,
    received_at timestamptz not null,
    seq bigint,
    index integer, -- null: the whole frame
    reason text not null,
    text text not null -- what came, cut to 2 kB
);
create index on quarantine (device, id);
-- A frame that is sent again is kept once.
create unique index on quarantine (device, coalesce(seq, -1), coalesce(index, -1), reason, md5(text));
