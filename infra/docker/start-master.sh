#!/usr/bin/env bash
# Starts the master. The first start generates the cluster's secret. It is kept in the volume that master, workers and
# driver share, in files that only Spark's user can read, and never appears in a container's arguments or settings.
set -euo pipefail
umask 077

conf=$SPARK_CONF_DIR
mkdir -p "$conf"
if [ ! -s "$conf/secret" ]; then
  head -c 32 /dev/urandom | od -A n -t x1 | tr -d ' \n' >"$conf/secret.part"
  mv "$conf/secret.part" "$conf/secret"
fi
cp /opt/cpu-anomaly/log4j2.properties "$conf/log4j2.properties"
{
  cat /opt/cpu-anomaly/spark-defaults.conf
  printf 'spark.authenticate.secret %s\n' "$(cat "$conf/secret")"
} >"$conf/spark-defaults.part"
mv "$conf/spark-defaults.part" "$conf/spark-defaults.conf"

exec /opt/spark/bin/spark-class org.apache.spark.deploy.master.Master --host spark-master --port 7077 --webui-port 8080
