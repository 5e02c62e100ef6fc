-- How people tell a device from others, and what they noted about it. Nothing of it decides anything.
alter table device
    add column color text check (color ~ '^#[0-9a-f]{6}$'),
    add column icon text check (length(icon) between 1 and 32),
    add column notes text check (length(notes) between 1 and 2000);
