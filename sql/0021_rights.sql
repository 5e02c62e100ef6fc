-- Every change of a right counts rights_head up in its own transaction, so that a batch that begins after it knows. By
-- triggers, so that no statement can leave it out, not even an operator's. Per statement: a group of thousands is one
-- change. A cascade that finds nothing to delete is none.
create function move_rights() returns trigger language plpgsql as $$
begin
    if tg_op <> 'TRUNCATE' then
        if not exists (select from changed) then
            return null;
        end if;
    end if;
    update rights_head set revision = revision + 1;
    perform pg_notify('tracker_rights', '0');
    return null;
end $$;

do $$
declare
    held text;
begin
    foreach held in array array['group_person', 'group_device', 'group_geofence', 'group_subscription', 'rights_group'] loop
        execute format('create trigger rights_added after insert on %I referencing new table as changed
                        for each statement execute function move_rights()', held);
        execute format('create trigger rights_changed after update on %I referencing new table as changed
                        for each statement execute function move_rights()', held);
        execute format('create trigger rights_removed after delete on %I referencing old table as changed
                        for each statement execute function move_rights()', held);
        execute format('create trigger rights_emptied after truncate on %I
                        for each statement execute function move_rights()', held);
    end loop;
end $$;

-- Rows of these change for other reasons too.
create function move_rights_of_row() returns trigger language plpgsql as $$
begin
    update rights_head set revision = revision + 1;
    perform pg_notify('tracker_rights', '0');
    return null;
end $$;
create trigger rights_owner_made after insert on person
    for each row when (new.is_owner) execute function move_rights_of_row();
create trigger rights_owner_changed after update on person
    for each row when (new.is_owner <> old.is_owner) execute function move_rights_of_row();
create trigger rights_person_gone after delete on person
    for each row execute function move_rights_of_row();
create trigger rights_own_made after insert on device
    for each row when (new.person is not null) execute function move_rights_of_row();
create trigger rights_own_changed after update on device
    for each row when (new.person is distinct from old.person) execute function move_rights_of_row();
create trigger rights_own_gone after delete on device
    for each row when (old.person is not null) execute function move_rights_of_row();
