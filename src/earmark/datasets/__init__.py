"""One file a data set; each gives a `Dataset`."""
