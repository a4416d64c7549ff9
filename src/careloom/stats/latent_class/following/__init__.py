"""What follows from the classes: who belongs to them, what becomes of them, how they change into one another."""
