-- What is spread by device over several databases one day names the device in everything that is unique.
drop index quarantine_device_id_idx;
alter table quarantine drop constraint quarantine_pkey, add primary key (device, id);
