import { describe, expect, it } from 'vitest'
import {
  cpuRank,
  isOtherHeader,
  isOtherName,
  isSeriesName,
  isTimeName,
  namedUnit,
  perfmonOffset,
} from './names.ts'

describe('cpuRank', () => {
  it.each([
    ...[
      'cpu_usage',
      'CPUUtilization',
      'cpu_percent',
      'CPU usage [%]',
      'CPU %',
      '%CPU',
      'cpu%',
      'usage_active',
      'cpu_p',
    ].map((name) => [name, 1]),
    ...[
      '\\\\PC-7\\Processor(_Total)\\% Processor Time',
      'system.cpu.total.norm.pct',
      'CPUPerc',
      'total cpu usage',
    ].map((name) => [name, 1]),
    ...['cpu', 'CPU', 'cpu_total'].map((name) => [name, 2]),
    ...['%idle', 'idle', 'idl', 'usage_idle', 'cpu_idle', '% Idle Time', 'idle %'].map((name) => [name, 3]),
    ...['mean_usage_idle', 'mean(usage_idle)', 'CPU Idle Average', 'avg_idle', 'cpu-total.idle'].map(
      (name) => [name, 3],
    ),
    ...['value', 'Average', 'usage', 'percent', 'utilization'].map((name) => [name, 4]),
  ] as const)('of %s is %i', (name, rank) => {
    expect(cpuRank(String(name))).toBe(rank)
  })

  it.each([
    'CPU usage [MHZ]',
    'CPU cores',
    'cpu_limit',
    'cpu_usage_user',
    'cpu_system',
    'usage_system',
    '%usr',
    'cpu_time',
    'memory usage',
    'id',
    'cpu0_percent',
    '\\\\PC\\Processor(0)\\% Processor Time',
    'node_cpu_seconds_total',
    'host',
    'time',
    'cpu_count',
    'cpu_load_1',
    'load15',
    'free_cpu_percent',
    'available cpu %',
    'cpu_usage_millicores',
    'cpu_pressure_pct',
    'gpu_usage',
    'max_idle',
    'idle_timeout',
  ])('knows no use of the CPU in %s', (name) => {
    expect(cpuRank(name)).toBeUndefined()
  })
})

it.each([
  'time',
  'timestamp',
  'time_millis',
  'date',
  'datetime',
  'Date Time',
  '@timestamp',
  '_time',
  'Timestamp [ms]',
  'Time (UTC)',
  'ts',
  'epoch',
  'unix_timestamp',
  '(PDH-CSV 4.0) (Eastern Standard Time)(300)',
])('%s is a time', (name) => expect(isTimeName(name)).toBe(true))
it.each(['uptime', 'cpu_time', 'interval', 'value', '% Processor Time'])('%s is no time', (name) =>
  expect(isTimeName(name)).toBe(false),
)
it.each(['host', 'Hostname', 'container_name', 'InstanceId', 'instance', 'series'])(
  '%s is a series',
  (name) => expect(isSeriesName(name)).toBe(true),
)
it.each(['mem_used', 'cpu_system', 'system', 'iowait', 'Disk usage'])('%s is something else', (name) =>
  expect(isOtherName(name)).toBe(true),
)
it.each([
  ['Timestamp [ms]', 'ms'],
  ['time_millis', 'ms'],
  ['time (s)', 's'],
  ['time_us', 'us'],
  ['ts_ns', 'ns'],
  ['timestamps', undefined],
  ['time', undefined],
])('%s names the unit %s', (name, unit) => expect(namedUnit(name)).toBe(unit))

it('knows the zone of perfmon', () => {
  expect(perfmonOffset('(PDH-CSV 4.0) (W. Europe Standard Time)(-60)')).toBe(60)
  expect(perfmonOffset('time (-60)')).toBeUndefined()
})

it.each(['max_idle', 'idle_timeout', 'CPUCreditBalance', 'cpu_mhz', 'load1', 'gpu_usage', 'fan_rpm'])(
  '%s is something else',
  (name) => expect(isOtherName(name)).toBe(true),
)
it.each(['avg_idle', 'web-1', 'speed'])('%s is not certainly something else', (name) =>
  expect(isOtherName(name)).toBe(false),
)

it.each([
  ['time,mem_percent', true],
  ['timestamp,node_cpu_seconds_total', true],
  ['\ufeff"time","mean_usage_idle"\r', true],
  ['time,speed', true],
  ['idle,time', true],
  ['time_millis,cpu', false],
  ['\ufefftime,cpu\r', false],
  ['"Timestamp","CPU usage [%]"', false],
  ['t,c', false],
  ['1700000000123,12.5', false],
])('%j names something else beside the time: %j', (line, isOther) =>
  expect(isOtherHeader(line)).toBe(isOther),
)
