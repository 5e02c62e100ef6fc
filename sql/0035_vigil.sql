-- What a device's fixes say of its battery, and of a place that is only repeated, is told as other transitions are.
alter table transition drop constraint transition_kind_check;
alter table transition add constraint transition_kind_check check (
    kind in ('enter', 'exit', 'cross', 'dwell', 'speeding', 'release', 'offline', 'online', 'near', 'apart', 'absent',
             'present', 'battery_low', 'frozen'));
