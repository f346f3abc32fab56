"""What bench.py measures with: generated samples, the JVM's own figures, and figures from Spark's reports."""
