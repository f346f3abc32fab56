"""CPU anomaly detection: one Spark Structured Streaming query from Kafka to Kafka."""
