"""The files of each system, one format a module: each tells its part of the world as that system would have it."""
