// Reads lines "FIRST LAST" and puts one job for each id in the queue, in bulk.
"use strict";

const readline = require("readline");
const { Queue } = require("bullmq");
const { redisOptions } = require("./redis");

const CHUNK = 500;

async function main() {
  const queue = new Queue("letters", {
    connection: redisOptions(),
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  await queue.waitUntilReady();
  console.log("ready");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [first, last] = line.split(" ").map(Number);
    for (let begin = first; begin <= last; begin += CHUNK) {
      const jobs = [];
      for (let id = begin; id <= Math.min(begin + CHUNK - 1, last); id++) {
        jobs.push({ name: "letter", data: { id } });
      }
      await queue.addBulk(jobs);
    }
    console.log("enqueued");
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
