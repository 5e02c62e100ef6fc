-- A server that is sent nothing begins no batch, and so would not hear that a geofence is gone until a device sends again:
-- whoever is in it would be shown in it until then. The batch goes on to read the revision itself; this only says "look".
create function notify_geofences() returns trigger language plpgsql as $$
begin
    perform pg_notify('tracker_geofences', '0');
    return null;
end $$;
create trigger changed after update on geofence_head for each statement execute function notify_geofences();
