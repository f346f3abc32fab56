"""What became of every line: used, written to the dead-letter topic, or late.

The query leaves out lines that it cannot use and late samples, and only counts them. A second branch of the query that
writes them would read Kafka a second time, always. Instead, after a batch that left something out has committed, the
auditor reads exactly its offsets again, judges them by the query's own functions, and writes the dead letters.
"""
