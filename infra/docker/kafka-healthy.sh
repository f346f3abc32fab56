#!/usr/bin/env bash
# Healthy means that the broker answers: this requests metadata (version 7, of no topic) and checks that the response
# lists a broker. Kafka's own tools would start a JVM every few seconds. The container's own listener needs no login.
set -euo pipefail
exec 3<>/dev/tcp/127.0.0.1/29092
# length 21 | api key 3 | version 7 | correlation id 1 | client id "health" | topics: none | create topics: no
printf '\x00\x00\x00\x15\x00\x03\x00\x07\x00\x00\x00\x01\x00\x06health\x00\x00\x00\x00\x00' >&3
# length | correlation id | throttle time | number of brokers: four bytes each, big-endian
read -r -a bytes < <(timeout 4 head -c 16 <&3 | od -A n -t u1)
[ "${#bytes[@]}" -eq 16 ] && [ "${bytes[7]}" -eq 1 ] && [ "${bytes[15]}" -ge 1 ]
