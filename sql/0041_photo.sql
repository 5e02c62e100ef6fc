-- A picture of a device, made small before it comes. `photo` says which one, so that a list of devices need not read the bytes.
alter table device add column photo text check (photo ~ '^[0-9a-f]{16}$');

create table device_photo (
    device integer primary key references device on delete cascade,
    media text not null check (media in ('image/jpeg', 'image/png', 'image/webp')),
    bytes bytea not null check (length(bytes) between 1 and 65536)
);
alter table device_photo alter column bytes set storage external; -- compressed as it comes
