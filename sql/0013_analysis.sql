-- For people with a tool of their own: views with names in place of numbers, typed geometry, degrees and plain floats, in a
-- schema of its own, and a role that may read these and nothing else.
--
-- A float4 is shown with all its digits by some programs (2.4000000953674316): numeric first, it keeps those it was given.
create schema analysis;
comment on schema analysis is 'Made to be read by people and their tools. Times are UTC, speeds m/s, lengths metres, places WGS 84.';

drop view fix_place;
create view fix_place as
select d.id as device, f.at, f.received_at,
       st_setsrid(st_makepoint(f.lon_e7 / 1e7, f.lat_e7 / 1e7), 4326)::geometry(Point, 4326) as place,
       f.speed, f.heading, f.accuracy, f.altitude, f.battery_e4 / 1e4 as battery, f.flags, f.attributes
from fix f join device d on d.key = f.device;

create view analysis.devices as
select id as device, name, category, interval_s, created_at from device;
comment on view analysis.devices is 'Who reports.';
comment on column analysis.devices.device is 'The id, as in the API';
comment on column analysis.devices.interval_s is 'Seconds that are expected between its fixes; null: none';

create view analysis.fixes as
select d.id as device, d.name, f.at, f.received_at,
       st_setsrid(st_makepoint(f.lon_e7 / 1e7, f.lat_e7 / 1e7), 4326)::geometry(Point, 4326) as place,
       round(f.speed::numeric, 2)::double precision as speed,
       round(f.heading::numeric, 2)::double precision as heading,
       round(f.accuracy::numeric, 2)::double precision as accuracy,
       round(f.altitude::numeric, 2)::double precision as altitude,
       f.battery_e4 / 1e4::double precision as battery,
       f.flags & 1 <> 0 as late, f.flags & 2 <> 0 as clock_skew, f.flags & 4 <> 0 as null_island,
       f.flags & 8 <> 0 as impossible_jump, f.flags & 16 <> 0 as low_accuracy,
       f.attributes
from fix f join device d on d.key = f.device;
comment on view analysis.fixes is
    'Every stored fix. Ask for a device and a span of at: the table is cut by days. A row is named by device and at.';
comment on column analysis.fixes.at is 'When it was measured, by the device''s clock';
comment on column analysis.fixes.received_at is 'When it came, by ours';
comment on column analysis.fixes.speed is 'm/s';
comment on column analysis.fixes.heading is 'Degrees clockwise from north';
comment on column analysis.fixes.accuracy is 'Metres';
comment on column analysis.fixes.altitude is 'Metres';
comment on column analysis.fixes.battery is '0 to 1';
comment on column analysis.fixes.late is 'Older than the newest that was there when it came';
comment on column analysis.fixes.clock_skew is 'The device''s clock was more than a minute ahead of ours';
comment on column analysis.fixes.null_island is 'At 0, 0: the device did not know where it was';
comment on column analysis.fixes.impossible_jump is 'Faster than anything flies; the device was not there';
comment on column analysis.fixes.low_accuracy is 'Worse than a kilometre; the device was hardly there';
comment on column analysis.fixes.attributes is 'What else the device sent';

create view analysis.positions as
select d.id as device, d.name, d.category, p.at, p.received_at, p.place,
       f.speed, f.heading, f.accuracy, f.altitude, f.battery
from position p
join device d on d.key = p.device
left join analysis.fixes f on f.device = d.id and f.at = p.at
where p.place is not null;
comment on view analysis.positions is
    'Where each device was last. Up to ten seconds behind while the server runs: it writes them down that often.';

create view analysis.geofences as
select key as fid, id as geofence, feature #>> '{properties,name}' as name, feature #>> '{properties,preset}' as preset,
       feature #>> '{geometry,type}' as drawn_as,
       (feature #>> '{properties,radius}')::double precision as radius,
       (feature #>> '{properties,width}')::double precision as width,
       (feature #>> '{properties,dwell}')::double precision as dwell,
       (feature #>> '{properties,speed_limit}')::double precision as speed_limit,
       shape, feature -> 'properties' as properties, revision, created_at, updated_at
from geofence;
comment on view analysis.geofences is 'Named areas, as they are now.';
comment on column analysis.geofences.fid is 'A number for programs that need one';
comment on column analysis.geofences.shape is
    'What it covers, split at 180 degrees; of a circle or a corridor a polygon to look at, decided is by radius and width';
comment on column analysis.geofences.drawn_as is 'Point: a circle of radius metres; LineString: a corridor of width metres';

create view analysis.events as
select e.id, e.type, d.id as device, d.name, e.geofence, e.at, e.detected_at, e.late,
       st_setsrid(st_makepoint(e.lon, e.lat), 4326)::geometry(Point, 4326) as place, e.evidence
from event e join device d on d.key = e.device;
comment on view analysis.events is 'What was told, in the order of its numbers. A retraction takes back the one its evidence names.';
comment on column analysis.events.id is 'Numbers have no gaps, but for devices that were deleted';
comment on column analysis.events.geofence is 'The id; the geofence may be gone';
comment on column analysis.events.at is 'When it happened';
comment on column analysis.events.detected_at is 'When it was sure';
comment on column analysis.events.late is 'It became known by fixes that came out of order';
comment on column analysis.events.evidence is 'The fixes and figures that decided it';

-- A role belongs to the whole cluster: another database may have made it, and who migrates may not be allowed to. Then an
-- administrator makes it (docs/database.md), and the server works without.
do $$
begin
    if not exists (select from pg_roles where rolname = 'tracker_reader') then
        create role tracker_reader login connection limit 10;
        alter role tracker_reader set default_transaction_read_only = on;
        alter role tracker_reader set search_path = analysis, public;
        alter role tracker_reader set statement_timeout = '5min';
        alter role tracker_reader set timezone = 'UTC';
    end if;
exception
    when duplicate_object or unique_violation then null; -- made in another database in this moment
    when insufficient_privilege then raise notice 'no role tracker_reader: see docs/database.md';
end
$$;
do $$
begin
    if exists (select from pg_roles where rolname = 'tracker_reader') then
        grant usage on schema analysis to tracker_reader;
        grant select on all tables in schema analysis to tracker_reader;
    end if;
end
$$;
