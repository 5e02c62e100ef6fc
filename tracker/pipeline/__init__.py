"""What a fix means. Pure: values in, values out; no clock, no I/O, no await, no logging."""
