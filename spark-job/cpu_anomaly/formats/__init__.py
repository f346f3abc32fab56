"""How the records of the input topic become samples: one module per format, and what several of them share."""
