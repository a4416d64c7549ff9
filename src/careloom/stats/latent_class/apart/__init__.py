"""One fit of rows that lie apart and may not be sent: sums instead, in few rounds."""
