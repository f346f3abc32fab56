#!/bin/sh
# Submits the job in client mode, and ends with the driver.
set -eu
cd "$(dirname "$0")"
: "${SPARK_HOME:?name the folder of Spark}"
if [ ! -d jars ]; then
  : "${MAVEN:?name the URL of a Maven repository}"
  rm -rf jars.part
  mkdir jars.part
  (cd jars.part && sed "s|^|$MAVEN/|" ../jars.txt | xargs -n 1 curl -fsSLO && sha256sum -c --quiet ../jars.sha256)
  mv jars.part jars
fi
# The driver stops between two batches once the file `stop` is there.
export PYTHONPATH="$PWD" PYTHONUNBUFFERED=1 CPU_ANOMALY_STOP_FILE="$PWD/stop"
rm -f "$CPU_ANOMALY_STOP_FILE"
exec "$SPARK_HOME/bin/spark-submit" --jars "$(echo jars/*.jar | tr ' ' ',')" \
{{arguments}}  job.py "$@"
