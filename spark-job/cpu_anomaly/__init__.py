"""CPU anomaly detection: one Spark Structured Streaming query from Kafka to Kafka.

The modules read top to bottom in this order, and each imports only earlier ones: `settings`, `step`, `modes`;
`causes`, `refusals` and `rights`, which tell what Kafka refuses; `topics`, `admin` and `lost_records`; `source`, which
reads; `formats`: `text`, `units` and `json_text`, `csv`, `json_usual`, `json_record`, `presets`, `collectd`,
`telegraf_usual`, `telegraf_metric`, `telegraf`, `otlp_usual`, `otlp`, and `input_format`, which picks one; the query's
further steps `guard`, `windows`, `baseline`, `sink`; `query`, which chains them; what the driver builds on, `session`,
`slots`, `event_log` and `consumer`; `accounting`, which counts the outcomes of all lines, in the order `plan`,
`files`, `reach`, `aside`, `checkpoint`, `manifest`, `lease`, `late`, `ledger`, `lag_group`, `soundness`, `anomalies`,
`progress`, `dead_letters`, `audit`, `clock`, `auditor`; `continuity`, `unread` and `monitor`, which notice what Spark
does not; `backlog`, `probe`, `spread` and `catch_up`, which choose how a backlog is read; then `state`, `failures` and
`ownership`; `watch` and `running`, which follow the query; `outside`, what the driver reaches beyond its process;
`remote`, for a driver that nobody is beside; and last `driver`, whose `main` job.py calls. Other programs: `replies`,
which bench.py and calibrate.py share, and `calibration`, of calibrate.py: `request`, `read`, `grid`, `normals`,
`preview`, `check`. Nothing runs at import.
"""
