"""What is made up beside what is published: counted as authorities stream by, and compared."""
