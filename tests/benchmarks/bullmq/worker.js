// A worker process, tuned: a pool of kept connections, templates compiled once, one result row per letter.
"use strict";

const { Worker } = require("bullmq");
const nodemailer = require("nodemailer");
const nunjucks = require("nunjucks");
const { Pool } = require("pg");
const { redisOptions } = require("./redis");

const CONNECTIONS = 8;
const CONCURRENCY = 16;
const TEMPLATES = process.env.PEER_TEMPLATES;

const html = new nunjucks.Environment(new nunjucks.FileSystemLoader(TEMPLATES), { autoescape: true });
const plain = new nunjucks.Environment(new nunjucks.FileSystemLoader(TEMPLATES), { autoescape: false });
const subjectTemplate = plain.getTemplate("subject.txt", true);
const textTemplate = plain.getTemplate("body.txt", true);
const htmlTemplate = html.getTemplate("body.html", true);

const pool = new Pool({ connectionString: process.env.PEER_DATABASE_URL, max: CONNECTIONS });
const transport = nodemailer.createTransport({
  host: process.env.PEER_SMTP_HOST,
  port: Number(process.env.PEER_SMTP_PORT),
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: CONNECTIONS,
  maxMessages: Infinity,
});

async function sendLetter(job) {
  const found = await pool.query({
    name: "recipient",
    text: "SELECT * FROM peer_recipient WHERE id = $1",
    values: [job.data.id],
  });
  const recipient = found.rows[0];
  await transport.sendMail({
    from: { name: "Энергосбытовая компания", address: "notify@energosbyt.example" },
    to: { name: recipient.full_name, address: recipient.email },
    subject: subjectTemplate.render(recipient).trim(),
    text: textTemplate.render(recipient),
    html: htmlTemplate.render(recipient),
    headers: {
      "List-Unsubscribe": `<${recipient.unsubscribe_url}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
  });
  await pool.query({
    name: "result",
    text: "INSERT INTO peer_result (recipient_id, sent_at) VALUES ($1, now())",
    values: [job.data.id],
  });
}

const worker = new Worker("letters", sendLetter, {
  connection: { ...redisOptions(), maxRetriesPerRequest: null },
  concurrency: CONCURRENCY,
});
worker.on("failed", (_job, error) => console.error(error.message));
worker.on("error", (error) => console.error(error.message));
process.on("SIGTERM", () => process.exit(0));
