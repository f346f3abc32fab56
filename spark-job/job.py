"""The driver's program: one Spark Structured Streaming query from Kafka to Kafka; see the package `cpu_anomaly`."""

import sys

from cpu_anomaly.driver import main

# The template's only hole: rendering replaces the quoted token by a Python string literal that holds JSON.
SETTINGS_JSON = "{{SETTINGS_JSON}}"

if __name__ == "__main__":
    sys.exit(main(SETTINGS_JSON))
