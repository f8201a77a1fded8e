#!/usr/bin/env node
// The pinned WebAssembly compiler behind the command line that forge expects.
const { writeSync, readFileSync } = require('node:fs');
const solc = require('../node_modules/solc');
const writeAll = (text) => { for (let b = Buffer.from(text); b.length;) b = b.subarray(writeSync(1, b)); };
if (process.argv.includes('--version')) writeAll(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
else writeAll(solc.compile(readFileSync(0, 'utf8')));
