-- A restart asks what each fix since the checkpoint entered and left.
create index on transition (device, at);
