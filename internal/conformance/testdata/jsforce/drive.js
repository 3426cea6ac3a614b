'use strict';
// Runs one scenario with jsforce against the fake org and prints what it saw
// as JSON. Reads {"scenario", "org", "args"} from standard input, where org is
// how the org is reached. The assertions stand in the Go test, which also looks
// into the org.
const fs = require('fs');
const jsforce = require('jsforce');

const scenarios = { ...require('./login'), ...require('./records'), ...require('./bulk') };

// attempt runs a step that must fail and tells how it did.
async function attempt(step) {
  try {
    return { value: await step() };
  } catch (e) {
    return { name: e.errorCode || e.name, message: e.message };
  }
}

// collect reads a stream of records.
function collect(stream) {
  return new Promise((resolve, reject) => {
    const out = [];
    stream.on('record', (r) => out.push(r));
    stream.on('end', () => resolve(out));
    stream.on('error', reject);
  });
}

async function main() {
  const { scenario, org, args } = JSON.parse(fs.readFileSync(0, 'utf8'));
  const conn = new jsforce.Connection({ instanceUrl: org.url, accessToken: org.access_token, version: '60.0' });
  for (const bulk of [conn.bulk, conn.bulk2]) {
    bulk.pollInterval = 50;
  }
  const out = await scenarios[scenario]({ jsforce, conn, org, args, attempt, collect });
  process.stdout.write(JSON.stringify(out));
}

main().catch((e) => {
  process.stderr.write(`${e.stack}\n`);
  process.exitCode = 1;
});
