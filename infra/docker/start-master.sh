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
  printf 'spark.network.crypto.enabled %s\n' "$ENCRYPT_TRAFFIC"
} >"$conf/spark-defaults.part"
mv "$conf/spark-defaults.part" "$conf/spark-defaults.conf"

# In the machine's own network (host-network.yml): executors find the classes beside the configuration, on their class path.
source=LoopbackOnly.java
if [ -n "${SPARK_LOCAL_IP:-}" ] && ! cmp -s "/opt/cpu-anomaly/$source" "$conf/$source"; then
  mkdir -p "$conf/META-INF/services"
  java -cp '/opt/spark/jars/*' org.codehaus.commons.compiler.samples.CompilerDemo -d "$conf" \
    -classpath "$(printf '%s:' /opt/spark/jars/netty-*.jar)" "/opt/cpu-anomaly/$source"
  echo io.cpuanomaly.LoopbackOnly >"$conf/META-INF/services/io.netty.bootstrap.ChannelInitializerExtension"
  cp "/opt/cpu-anomaly/$source" "$conf/$source" # last: it says that the classes are there
fi

exec /opt/spark/bin/spark-class org.apache.spark.deploy.master.Master # the environment names host and ports
