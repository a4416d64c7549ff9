"""The documentation as a site of plain pages, built without a network: `make docs`."""
