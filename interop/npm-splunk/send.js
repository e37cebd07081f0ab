// Sends to an HTTP event collector with Splunk's own client, and prints what it was told, one line of JSON a scenario.
// Arguments: URL, token.
"use strict";

const { Logger } = require("splunk-logging");

const [url, token] = process.argv.slice(2);

function scenario(name, options, payloads) {
  return new Promise((resolve) => {
    const logger = new Logger({ url, token, maxBatchCount: 0, maxRetries: 0, ...options });
    let complaint = null;
    logger.error = (error) => {
      complaint = { code: error.code ?? null, message: error.message };
    };
    payloads.forEach((payload) => logger.send(payload));
    logger.flush((error, response, body) => {
      const status = response ? response.statusCode : null;
      console.log(JSON.stringify({ name, status, body: body ?? null, complaint }));
      resolve();
    });
  });
}

function event(n, metadata = {}) {
  return { message: { n, text: "grün" }, metadata, severity: "info" };
}

(async () => {
  await scenario("batch", {}, [
    event(1, { time: 1795367430.5, host: "db", source: "npm", sourcetype: "json" }),
    event(2, { index: "allowed" }),
    event(3),
  ]);
  await scenario("wrong token", { token: "another" }, [event(4)]);
  await scenario("wrong index", {}, [event(5, { index: "forbidden" })]);
})();
