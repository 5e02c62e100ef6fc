-- Devices that Home Assistant was told of by the broker, so that it can be told when one is gone. No foreign key: the row
-- has to outlive the device.
create table announced (
    device integer primary key
);
