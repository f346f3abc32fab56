#!/usr/bin/env bash
# Starts the broker with the properties that all runtimes share and those that are specific to the container.
set -euo pipefail
umask 077

data=/var/lib/kafka/data
run=/run/kafka # in memory: the login below never reaches a disk
properties=$run/server.properties

login() { sed -n "s/^$1=//p" /run/cpu-anomaly/kafka-login; }
quoted() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

username=$(login username)
password=$(login password)
protocol=PLAINTEXT
if [ -n "$username" ] && [ -n "$password" ]; then protocol=SASL_PLAINTEXT; fi

cat /opt/cpu-anomaly/broker.properties - >"$properties" <<PROPERTIES

listeners=INSIDE://:9092,HOST://:9093,LOCAL://127.0.0.1:29092,CONTROLLER://127.0.0.1:29093
advertised.listeners=INSIDE://kafka-broker:9092,HOST://127.0.0.1:${HOST_PORT},LOCAL://127.0.0.1:29092
listener.security.protocol.map=INSIDE:$protocol,HOST:$protocol,LOCAL:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=LOCAL
controller.quorum.voters=1@127.0.0.1:29093
log.dirs=$data
PROPERTIES

if [ "$protocol" = SASL_PLAINTEXT ]; then
  # Kafka reads it from a separate file: in a properties file, every non-ASCII character would have to be escaped.
  mkdir -p "$run/login"
  printf 'org.apache.kafka.common.security.plain.PlainLoginModule required %s=%s;' \
    "$(quoted "user_$username")" "$(quoted "$password")" >"$run/login/jaas"
  cat >>"$properties" <<PROPERTIES
sasl.enabled.mechanisms=PLAIN
config.providers=file
config.providers.file.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
listener.name.inside.plain.sasl.jaas.config=\${file:$run/login:jaas}
listener.name.host.plain.sasl.jaas.config=\${file:$run/login:jaas}
PROPERTIES
fi

export KAFKA_HEAP_OPTS="-Xms256m -Xmx512m"
export KAFKA_LOG4J_OPTS="-Dlog4j2.configurationFile=file:/opt/cpu-anomaly/log4j2.properties"
export LOG_DIR=/tmp EXTRA_ARGS="-name kafkaServer" # no log files beside the container's log

if [ ! -s "$data/meta.properties" ]; then
  if compgen -G "$data/*-[0-9]*/" >/dev/null; then # a broker of a new cluster would not serve the data of the old one
    echo "$data/meta.properties is missing or empty, but Kafka's data are beside it." >&2
    echo "Restore that file, or remove the data and all checkpoints with: cpu-anomaly down --volumes" >&2
    exit 1
  fi
  rm -f "$data/meta.properties"
  # A cluster id is 16 random bytes in URL-safe base64; the leading k keeps it from looking like an option.
  id=k$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c2-22)
  /opt/kafka/bin/kafka-storage.sh format -t "$id" -c "$properties"
fi
exec /opt/kafka/bin/kafka-server-start.sh "$properties"
