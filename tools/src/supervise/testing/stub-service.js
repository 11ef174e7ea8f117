/** A service for the launcher's tests: it serves at once; STUB_FAILS makes it end before that. */
const { writeFileSync } = require('node:fs');

if (process.env.STUB_FAILS) {
  console.error('stub: cannot serve');
  process.exit(3);
}
writeFileSync(process.env.WEFT_READY_FILE, String(process.pid));
setInterval(() => {}, 60_000);
