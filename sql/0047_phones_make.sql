-- Which phone is behind an app, as far as it says so: why it stopped depends on who made it.
alter table device_app add column system text;
alter table device_app add column make text;
