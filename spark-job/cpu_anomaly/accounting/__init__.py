"""What became of every record that the query has read."""
