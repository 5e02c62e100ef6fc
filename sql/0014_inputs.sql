-- What decides and is no fix is in the log as well, so that a restart folds each fix by what was in force at its stamp.

-- What of a geofence decides: not its name, nor what others keep with it. Numbers compare as numbers, null as absent.
create function geofence_rules(feature jsonb) returns jsonb immutable parallel safe language sql as $$
    select jsonb_build_object('geometry', feature -> 'geometry') || coalesce(
        (select jsonb_object_agg(key, value) from jsonb_each(feature -> 'properties')
         where key in ('preset', 'radius', 'width', 'dwell', 'speed_limit', 'enabled', 'active', 'expires', 'devices',
                       'categories') and value <> 'null'), '{}')
$$;

-- Every geofence as it was by each of its revisions, also of those that are gone.
create table geofence_revision (
    key integer not null,
    revision bigint not null,
    id text not null,
    feature jsonb, -- null: deleted by this revision
    since bigint not null, -- the revision since which it decides as it does: a new name is no new border
    made_at timestamptz not null default now(),
    primary key (key, revision)
);
create index on geofence_revision (revision);
create index on geofence_revision (id, revision);

-- By a trigger, so that no statement that changes a geofence can leave its revision out, not even an operator's.
create function keep_geofence_revision() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        insert into geofence_revision (key, revision, id, since)
        select old.key, revision, old.id, revision from geofence_head on conflict do nothing;
        return null;
    end if;
    insert into geofence_revision (key, revision, id, feature, since)
    values (new.key, new.revision, new.id, new.feature, coalesce(
        case when tg_op = 'UPDATE' and geofence_rules(new.feature) = geofence_rules(old.feature)
             then (select since from geofence_revision where key = old.key and revision = old.revision) end,
        new.revision))
    on conflict (key, revision) do update set feature = excluded.feature;
    return null;
end $$;
create trigger keep_revision after insert or update or delete on geofence
    for each row execute function keep_geofence_revision();

-- Who empties the table begins anew: what was in force before would decide for geofences that nobody can see.
create function forget_geofence_revisions() returns trigger language plpgsql as $$
begin
    truncate geofence_revision;
    delete from in_force where stamp > 0;
    update in_force set revision = 0;
    return null;
end $$;
create trigger forget_revisions after truncate on geofence for each statement execute function forget_geofence_revisions();

insert into geofence_revision (key, revision, id, feature, since, made_at)
select key, revision, id, feature, revision, updated_at from geofence;

-- From which stamp on the fixes of a partition are decided by which revision. `stamp` is of the same counter as
-- fix.received_at, in microseconds: a fix with a later one was decided by this revision or a later.
create table in_force (
    partition smallint not null references lease,
    stamp bigint not null,
    revision bigint not null,
    primary key (partition, stamp)
);
insert into in_force (partition, stamp, revision)
select partition, 0, (select revision from geofence_head) from lease;

-- The stamp of the batch a transition was decided in. One from before this column is as old as can be.
alter table transition add column stamp bigint not null default 0;
-- 'release': a geofence let go of a device without an event. It tells nobody anything, and a late fix has to know it.
alter table transition drop constraint transition_kind_check;
alter table transition add constraint transition_kind_check check (
    kind in ('enter', 'exit', 'cross', 'dwell', 'speeding', 'release', 'offline', 'online', 'near', 'apart'));

-- What decides of a device is part of its state.
update position p set state = p.state || jsonb_build_object('category', d.category, 'stamp', coalesce((p.state ->> 'heard_at')::bigint, 0))
from device d where d.key = p.device;

-- Pairs as they are in force, with what was seen of them: written when a pair changes, and at checkpoints.
-- No foreign key: a pair that goes away must not wait for the writer.
create table meeting (
    pair integer primary key,
    meeting jsonb not null
);
insert into meeting (pair, meeting)
select p.key, jsonb_build_object(
    'pair', jsonb_build_object('key', p.key, 'id', p.id, 'devices', jsonb_build_array(a.id, b.id),
                               'keys', jsonb_build_array(p.one, p.two), 'distance', p.distance, 'preset', p.preset),
    'nearness', jsonb_build_object('is_near', last.kind = 'near', 'told_at', (extract(epoch from last.at) * 1000)::bigint))
from pair p join device a on a.key = p.one join device b on b.key = p.two cross join lateral (
    select t.kind, t.at from transition t
    where t.kind in ('near', 'apart') and t.event > p.since
      and ((t.device = p.one and t.other = p.two) or (t.device = p.two and t.other = p.one))
    order by t.event desc limit 1) as last;
