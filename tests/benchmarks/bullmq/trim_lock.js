// `npm install --package-lock-only && node trim_lock.js`: a lock of names, versions and hashes only, without
// the native helper of msgpackr, which not every registry has for every platform (it works without).
"use strict";

const fs = require("fs");

const FILE = "package-lock.json";
const HELPER = /node_modules\/(@msgpackr-extract\/|msgpackr-extract$|node-gyp-build-optional-packages$|detect-libc$)/;

const lock = JSON.parse(fs.readFileSync(FILE, "utf8"));
for (const [path, entry] of Object.entries(lock.packages)) {
  delete entry.resolved;
  if (HELPER.test(path)) delete lock.packages[path];
  if (path === "node_modules/msgpackr") delete entry.optionalDependencies;
}
fs.writeFileSync(FILE, JSON.stringify(lock, null, 2) + "\n");
