"""One module per table: the SQL beside the function that runs it, the connection its first argument."""
