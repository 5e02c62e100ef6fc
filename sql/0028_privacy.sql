-- When a device was vague or paused: set by itself or by the person whose own it is. Nothing of such a time is shown to
-- others, then or later, so the rows stay as long as the device does.
create table device_privacy (
    device integer not null references device on delete cascade,
    since timestamptz not null,
    until timestamptz, -- null: until it is changed
    mode text not null check (mode in ('vague', 'paused')),
    primary key (device, since),
    check (until > since)
);

-- Where others see a device that was ever vague or paused: a slot of its own on the live stream, out of the numbers of
-- devices, so that it is no device's.
alter table device add column guise integer unique;

-- A change of who sees what, and so counted as one.
create trigger rights_added after insert on device_privacy referencing new table as changed
    for each statement execute function move_rights();
create trigger rights_changed after update on device_privacy referencing new table as changed
    for each statement execute function move_rights();
create trigger rights_removed after delete on device_privacy referencing old table as changed
    for each statement execute function move_rights();
create trigger rights_emptied after truncate on device_privacy
    for each statement execute function move_rights();

-- Of which devices one is shown, for they are one person's and of one kind.
create trigger rights_own_recast after update on device
    for each row when (new.person is not null and new.category is distinct from old.category)
    execute function move_rights_of_row();

-- The keys of the devices that were vague or paused when it happened: it is told to those only whose own they are.
alter table event add column private_of integer[];
