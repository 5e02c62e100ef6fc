"""Streets for the page's map, cut out of an archive of the whole world that the operator names."""
