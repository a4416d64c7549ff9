"""What is observed: distinct patterns with weights, in groups and clusters, and paired with what else is known."""
