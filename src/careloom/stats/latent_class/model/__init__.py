"""The model: its parameters, its likelihood and how that slopes, in NumPy and in compiled code."""
