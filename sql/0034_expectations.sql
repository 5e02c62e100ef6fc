-- Somebody is expected in a geofence: by whom and when is one of its rules, so that it counts from when it was given.
create or replace function geofence_rules(feature jsonb) returns jsonb immutable parallel safe language sql as $$
    select jsonb_build_object('geometry', feature -> 'geometry') || coalesce(
        (select jsonb_object_agg(key, value) from jsonb_each(feature -> 'properties')
         where key in ('preset', 'radius', 'width', 'dwell', 'speed_limit', 'enabled', 'active', 'expires', 'devices',
                       'categories', 'expect') and value <> 'null'), '{}')
$$;

-- 'present' tells nobody anything: it is kept so that the day is decided once.
alter table transition drop constraint transition_kind_check;
alter table transition add constraint transition_kind_check check (
    kind in ('enter', 'exit', 'cross', 'dwell', 'speeding', 'release', 'offline', 'online', 'near', 'apart', 'absent',
             'present'));
