#!/bin/sh
':' //; exec node -- "$0" "$@"
// The command `cpu-anomaly`. The line above is for the shell: without `--`, Node 20 would take `--env-file` for itself.
// It is committed because npm links it before a clone is built.
import { existsSync } from 'node:fs'
import { requireNode } from './require-node.mjs'

requireNode()
const bootstrap = new URL('../scripts/bootstrap.mjs', import.meta.url)
if (existsSync(bootstrap)) await import(bootstrap.href) // a clone; the package has no scripts
await import(new URL('../../dist/main.js', import.meta.url).href)
