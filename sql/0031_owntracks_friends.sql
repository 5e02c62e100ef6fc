-- Whether the app of a device shows others of its groups that are switched on as well, and is shown to them.
alter table device add column owntracks_friends boolean not null default false;
