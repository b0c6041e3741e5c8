// The endpoint with Express, whose own parser reads bodies.
const express = require("express");
const template = require("./campaign.json");

const TOKEN = "stack-token-7Qd2mXv9Rb4TzLc8";
const READONLY = "stack-reader-3Hs8pNc5Vw1KxFj6";
const DATE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,6})?(Z|[+-](\d\d):(\d\d))$/;
let ahead = 0;
const now = () => Date.now() + ahead;
const started = now() - 30 * 86400000;
const campaigns = new Map(
  ["adcamp_StackOne1", "adcamp_StackTwo2"].map((id) => [id, { status: "active", until: null, updated: started }]),
);
const written = (ms) => new Date(ms).toISOString();

function rejected(status, type) {
  return Object.assign(new Error(type), { status, type });
}

function instant(value) {
  const found = typeof value === "string" && DATE.exec(value);
  if (!found) throw rejected(422, "unprocessable_entity");
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const inDay = hour < 24 && minute < 60 && second < 60 && Number(found[9] || 0) < 24 && Number(found[10] || 0) < 60;
  const ms = Date.parse(value);
  const last = Date.parse("9999-12-31T23:59:59.999Z");
  if (month < 1 || month > 12 || day < 1 || day > days || !inDay || Number.isNaN(ms) || ms > last) {
    throw rejected(422, "unprocessable_entity");
  }
  return ms;
}

function allow(request, write) {
  const sent = request.get("authorization");
  if (sent !== `Bearer ${TOKEN}` && sent !== `Bearer ${READONLY}`) throw rejected(401, "unauthorized");
  if (write && sent !== `Bearer ${TOKEN}`) throw rejected(403, "forbidden");
}

function find(id) {
  const campaign = campaigns.get(id);
  if (!campaign) throw rejected(404, "not_found");
  if (campaign.until !== null && campaign.until <= now()) {
    Object.assign(campaign, { status: "active", updated: campaign.until, until: null });
  }
  return campaign;
}

function shown(id) {
  const { status, until, updated } = find(id);
  const dates = { created_at: written(started), updated_at: written(updated) };
  return { ...template, id, status, ...dates, paused_until: until === null ? null : written(until) };
}

const app = express();
app.use((request, _response, next) => {
  if (request.path.startsWith("/api/")) allow(request, request.method === "POST");
  next();
});
app.use(express.json());

app.get("/api/v1/ad_campaigns/:id", (request, response) => response.json(shown(request.params.id)));

app.post("/api/v1/ad_campaigns/:id/pause", (request, response) => {
  const body = request.body === undefined ? {} : request.body;
  if (Array.isArray(body)) throw rejected(400, "bad_request");
  const value = body.paused_until;
  const until = value === undefined || value === null ? null : instant(value);
  const campaign = find(request.params.id);
  if (until !== null && until <= now()) throw rejected(422, "unprocessable_entity");
  Object.assign(campaign, { status: "paused", until, updated: now() });
  response.json(shown(request.params.id));
});

app.post("/api/v1/ad_campaigns/:id/unpause", (request, response) => {
  Object.assign(find(request.params.id), { status: "active", until: null, updated: now() });
  response.json(shown(request.params.id));
});

app.get("/test_clock", (_request, response) => response.json({ now: written(now()) }));
app.put("/test_clock", (request, response) => {
  const wanted = Date.parse(request.body.now);
  if (wanted < now() - 1000) throw rejected(409, "conflict");
  ahead += Math.max(wanted - now(), 0);
  response.json({ now: written(now()) });
});

app.use((_request, _response, next) => next(rejected(404, "not_found")));
app.use((error, _request, response, _next) => {
  const status = error.status || 500;
  if (status === 401) response.set("WWW-Authenticate", "Bearer");
  response.status(status).json({ error: { type: error.type || "error", message: error.type || "error" } });
});

app.listen(Number(process.argv[2]), "127.0.0.1");
