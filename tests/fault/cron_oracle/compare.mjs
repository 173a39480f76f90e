// Compares cron_lines (the engine's schedules) with croner: node compare.mjs CRON_LINES CRONER [options]
//   --cases N     random (expression, zone, instant), default 100000
//   --changes N   at this many clock changes, spread over all zones; "all": at every one
//   --seed N
// croner asks Intl for a zone's local time; most of its time goes there. So it is given the offsets that
// cron_lines has of the system's tz database instead, and these are held against Intl's own at every change.
// A difference is either one that core/model/cron.h lists, and counted under its name, or it fails.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: "string", default: "100000" },
    changes: { type: "string", default: "300" },
    seed: { type: "string", default: "20261125" },
  },
});
const [driver, cronerFile] = positionals;
const { Cron } = await import(pathToFileURL(cronerFile));
const HOUR = 3600e3, DAY = 24 * HOUR, YEAR = 365.25 * DAY;
const FIRST = Date.UTC(1970, 0, 1), LAST = Date.UTC(2037, 11, 1);

// ---- the driver ----

function ask(lines) {
  const done = spawnSync(driver, { input: lines.join("\n") + "\n", maxBuffer: 1 << 30, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${driver}: ${done.error ?? done.stderr}`);
  return done.stdout.trimEnd().split("\n");
}

// ---- random ----

let state = Number(options.seed) >>> 0;
function random() { // mulberry32
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);
const between = (a, b) => a + below(b - a + 1);
const pick = (list) => list[below(list.length)];
const chance = (percent) => below(100) < percent;

// ---- zones ----

const zones = new Map();
function loadZones() {
  const names = Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC");
  const lines = ask(names.map((name) => `zone\t${name}`));
  names.forEach((name, i) => {
    if (lines[i] === "missing") return;
    const [first, ...rest] = lines[i].split(" ");
    const changes = rest.map((text) => text.split(",").map(Number));
    zones.set(name, {
      name,
      times: changes.map(([time]) => time * 1000),
      offsets: [Number(first), ...changes.map(([, offset]) => offset)].map((seconds) => seconds * 1000),
    });
  });
}

function position(zone, time) { // of the offset in force
  let low = 0, high = zone.times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (zone.times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
const offsetAt = (zone, time) => zone.offsets[position(zone, time)];

const intlParts = Intl.DateTimeFormat.prototype.formatToParts;
function intlOffset(format, time) {
  const part = Object.fromEntries(intlParts.call(format, new Date(time)).map((p) => [p.type, parseInt(p.value, 10)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour % 24, part.minute, part.second) - time;
}

function useOwnOffsets() {
  const ofFormat = new WeakMap();
  Intl.DateTimeFormat.prototype.formatToParts = function (date) {
    let zone = ofFormat.get(this);
    if (zone === undefined) ofFormat.set(this, (zone = zones.get(this.resolvedOptions().timeZone) ?? null));
    const time = Number(date);
    if (!zone || !(time > FIRST - 200 * YEAR && time < Date.UTC(2100, 0, 1))) return intlParts.call(this, date);
    const local = new Date(Math.floor(time / 1000) * 1000 + offsetAt(zone, time));
    return [
      { type: "year", value: local.getUTCFullYear() }, { type: "month", value: local.getUTCMonth() + 1 },
      { type: "day", value: local.getUTCDate() }, { type: "hour", value: local.getUTCHours() },
      { type: "minute", value: local.getUTCMinutes() }, { type: "second", value: local.getUTCSeconds() },
    ];
  };
}

function systemVersion() {
  try {
    return /version (\S+)/.exec(readFileSync("/usr/share/zoneinfo/tzdata.zi", "utf8"))[1];
  } catch {
    return "unknown";
  }
}

function formatOf(zone) {
  zone.format ??= new Intl.DateTimeFormat("en-US", {
    timeZone: zone.name, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
    second: "numeric", hour12: false,
  });
  return zone.format;
}

// Since 1970 at every change: one second before, and then. Releases of the tz database differ.
const sameRelease = () => systemVersion() === process.versions.tz;
function checkZones() {
  let changes = 0;
  const unlike = [];
  for (const zone of zones.values()) {
    const format = formatOf(zone);
    let bad = 0;
    zone.times.forEach((time, i) => {
      if (time < FIRST || time > LAST) return;
      changes++;
      if (intlOffset(format, time - 1000) !== zone.offsets[i] || intlOffset(format, time) !== zone.offsets[i + 1]) bad++;
    });
    if (bad) unlike.push(`${zone.name} (${bad})`);
  }
  console.log(`zones: ${zones.size}, clock changes since 1970: ${changes}; tz database ${systemVersion()} here, ` +
              `${process.versions.tz} in node; offsets differ at changes of ${unlike.length} zones` +
              `${unlike.length ? ": " + unlike.join(", ") : ""}`);
  return sameRelease() ? unlike.length : 0;
}

// ---- expressions ----

const FIELDS = [
  { low: 0, high: 59, step: 60 }, { low: 0, high: 23, step: 24 }, { low: 1, high: 31, step: 31 },
  { low: 1, high: 12, step: 12, words: "jan feb mar apr may jun jul aug sep oct nov dec".split(" ") },
  { low: 0, high: 7, step: 7, words: "sun mon tue wed thu fri sat".split(" ") },
];

function written(field, value) {
  const word = field.words?.[value - field.low];
  if (!word || chance(70)) return String(value);
  return chance(50) ? word.toUpperCase() : word;
}

function item(field) {
  const kind = below(10);
  if (kind === 0) return `*/${between(1, field.step)}`;
  const a = between(field.low, field.high);
  if (kind > 4) return written(field, a);
  const b = between(a, field.high);
  const step = chance(40) ? `/${between(1, field.step)}` : "";
  return `${written(field, a)}-${field.words && b > a ? written(field, b) : b}${step}`;
}

function field(i, starPercent) {
  if (chance(starPercent)) return "*";
  return Array.from({ length: chance(75) ? 1 : between(2, 4) }, () => item(FIELDS[i])).join(",");
}

const NICKNAMES = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually", "@Daily"];
function expression(minuteOfDay) {
  if (chance(1)) return pick(NICKNAMES);
  const parts = chance(50) && minuteOfDay !== undefined
    ? [minuteOfDay % 60, Math.floor(minuteOfDay / 60)] : [field(0, 15), field(1, 40)];
  return [...parts, field(2, 70), field(3, 75), field(4, 70)].join(" ");
}

const NOISE = "0123456789*/-, \tLW#?+@abcjanmonsunX.";
function mutated(text) {
  const at = below(text.length + 1);
  return text.slice(0, at) + (chance(70) ? pick(NOISE) : "") + text.slice(at + (chance(60) ? 1 : 0));
}

// ---- cases ----

// A clock change's surroundings in local minutes of the day: before, inside and after the gap or overlap.
function minutesAround(zone, i) {
  const time = zone.times[i], before = time + zone.offsets[i], after = time + zone.offsets[i + 1];
  const low = Math.min(before, after), high = Math.max(before, after), length = high - low;
  const minute = (local) => ((Math.floor(local / 60e3) % 1440) + 1440) % 1440;
  return [minute(low - 60e3), minute(low), minute(low + length / 2), minute(high - 60e3), minute(high)];
}

function randomCase(names) {
  const zone = zones.get(pick(names));
  const since = zone ? position(zone, FIRST) : 0, until = zone ? position(zone, LAST) : 0;
  let after, minute;
  if (until > since && chance(60)) {
    const i = between(since, until - 1);
    after = zone.times[i] + between(-36 * 60, 6 * 60) * 60e3 + (chance(30) ? between(1, 59999) : 0);
    if (chance(80)) minute = pick(minutesAround(zone, i)) + between(0, 1);
  } else {
    after = FIRST + Math.floor(random() * (LAST - FIRST));
    if (chance(50)) minute = between(0, 1439);
  }
  let text = expression(minute === undefined ? undefined : minute % 1440);
  if (chance(4)) text = mutated(text);
  return { zone: zone?.name ?? "UTC", after, text };
}

// Every kind of schedule at one clock change.
function changeCases(zone, i) {
  const time = zone.times[i], cases = [];
  const minutes = [...new Set(minutesAround(zone, i))];
  const texts = minutes.map((m) => `${m % 60} ${Math.floor(m / 60)} * * *`);
  const [, first, inside] = minutesAround(zone, i), hour = Math.floor(first / 60);
  texts.push("*/15 * * * *", `${inside % 60} * * * *`, `*/7 ${hour} * * *`, `0,30 ${hour}-23 * * *`, `* ${hour} * * *`, "@daily");
  for (const text of texts) {
    for (const after of [time - 25 * HOUR, time - 61 * 60e3, time - 60e3, time - 1, time, time + 30 * 60e3]) {
      cases.push({ zone: zone.name, after, text });
    }
  }
  return cases;
}

function* allChanges(wanted) {
  const all = [];
  for (const zone of zones.values()) zone.times.forEach((time, i) => time < LAST && all.push([zone, i]));
  const step = wanted === "all" ? 1 : Math.max(1, all.length / Number(wanted));
  let n = 0;
  for (let at = 0; at < all.length && Number(wanted) !== 0; at += step, n++) yield* changeCases(...all[Math.floor(at)]);
  console.log(`clock changes looked at: ${n} of ${all.length}`);
}

// ---- what core/model/cron.h lists ----

const fieldsOf = (text) => text.trim().split(/\s+/);
const CROSSED = 3 * HOUR; // croner sees gaps and overlaps up to this long

const LISTED = {
  "seconds and years": (c, ours) => ours.startsWith("invalid: ") && [6, 7].includes(fieldsOf(c.text).length),
  "L, W, #, ? and +": (c, ours) => ours.startsWith("invalid: ") && /[LW#?+]/i.test(c.text.replace(/jul|wed/gi, "")),
  "longer than ZC_CRON_TEXT_MAX": (c, ours) => ours.startsWith("invalid: ") && c.text.length > 512,
  "end of a stepped range": (c, ours) => / \d+ is above \d+$/.test(ours) && /-\d+\/\d/.test(c.text),
  "can never fire": (c, ours, theirs) => ours.endsWith("would never fire") && theirs === "none",
  "end of the year 9999": (c) => c.after > Date.UTC(9999, 0, 1),
  "clock change of over 3 hours": (c, ours, theirs) => {
    const zone = zones.get(c.zone);
    if (!zone || ours.startsWith("invalid")) return false;
    const ends = [c.after, Number(ours), Number(theirs)].filter(Number.isFinite);
    const from = position(zone, Math.min(...ends) - 2 * DAY), to = position(zone, Math.max(...ends) + 2 * DAY);
    for (let i = from; i < to; i++) if (Math.abs(zone.offsets[i + 1] - zone.offsets[i]) > CROSSED) return true;
    return false;
  },
};

// While croner still asks Intl: whose tz database is of another release, and differs there.
let withIntl = true;
function otherRelease(c, ours, theirs) {
  const zone = zones.get(c.zone);
  if (!withIntl || !zone || sameRelease()) return false;
  return [c.after, Number(ours), Number(theirs)].some(
    (time) => Number.isFinite(time) && intlOffset(formatOf(zone), Math.floor(time / 1000) * 1000) !== offsetAt(zone, time));
}

// Each listed difference is real: one case that shows it.
const EXAMPLES = [
  ["seconds and years", "UTC", 0, "0 0 0 * * *"], ["seconds and years", "UTC", 0, "0 0 0 1 1 * 2030"],
  ["L, W, #, ? and +", "UTC", 0, "0 0 L * *"], ["L, W, #, ? and +", "UTC", 0, "0 0 15W * *"],
  ["L, W, #, ? and +", "UTC", 0, "0 0 LW * *"], ["L, W, #, ? and +", "UTC", 0, "0 0 * * 1#2"],
  ["L, W, #, ? and +", "UTC", 0, "0 0 ? * *"], ["L, W, #, ? and +", "UTC", 0, "0 0 1 * +1"],
  ["longer than ZC_CRON_TEXT_MAX", "UTC", 0, "1,".repeat(260) + "1 0 * * *"],
  ["end of a stepped range", "UTC", 0, "0 0 27-32/27 * *"],
  ["can never fire", "UTC", 0, "0 0 30 2 *"],
  ["end of the year 9999", "UTC", Date.UTC(9999, 11, 28), "0 0 29 12 *"],
  ["clock change of over 3 hours", "Antarctica/Vostok", Date.UTC(1994, 0, 31, 13), "*/30 17 * * *"],
];

// ---- the comparison ----

function theirs(c) {
  try {
    const next = new Cron(c.text, { timezone: c.zone, paused: true }).nextRun(new Date(c.after));
    return next ? String(next.getTime()) : "none";
  } catch (error) {
    return `invalid: ${error.message}`;
  }
}

const same = (a, b) => a === b || (a.startsWith("invalid") && b.startsWith("invalid"));
const counts = new Map();
let undocumented = 0;

function compare(cases) {
  const answers = ask(cases.map((c) => `next\t${c.zone}\t${c.after}\t${c.text}`));
  cases.forEach((c, i) => {
    const found = theirs(c);
    if (same(answers[i], found)) return;
    if (otherRelease(c, answers[i], found)) return;
    const name = Object.keys(LISTED).find((listed) => LISTED[listed](c, answers[i], found));
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (name || ++undocumented > 20) return;
    console.log(`UNDOCUMENTED "${c.text}" in ${c.zone} after ${c.after}: ${show(answers[i])}, croner ${show(found)}`);
  });
}

const show = (answer) => (/^-?\d+$/.test(answer) ? new Date(Number(answer)).toISOString() : answer);

function checkExamples() {
  let bad = 0;
  for (const [name, zone, after, text] of EXAMPLES) {
    const c = { zone, after, text }, [ours] = ask([`next\t${zone}\t${after}\t${text}`]), found = theirs(c);
    if (!same(ours, found) && LISTED[name](c, ours, found)) continue;
    console.log(`NOT REAL ${name}: "${text}" in ${zone} after ${after}: ${show(ours)}, croner ${show(found)}`);
    bad++;
  }
  return bad;
}

function compareAll(what, cases) {
  let n = 0, part = [];
  for (const c of cases) {
    part.push(c);
    if (part.length < 50000) continue;
    compare(part);
    n += part.length;
    part = [];
  }
  if (part.length) compare(part);
  console.log(`${what}: ${n + part.length} compared`);
}

function* randomCases(n) {
  const names = ["UTC", ...zones.keys()];
  for (let i = 0; i < n; i++) yield randomCase(names);
}

console.log(`seed ${options.seed}`);
loadZones();
let bad = checkZones() + checkExamples();
compareAll("croner with Intl", randomCases(Math.min(2000, Number(options.cases))));
useOwnOffsets();
withIntl = false;
compareAll("random", randomCases(Number(options.cases)));
compareAll("at clock changes", allChanges(options.changes));
for (const [name, n] of counts) if (name) console.log(`listed in cron.h: ${name}: ${n}`);
console.log(`undocumented differences: ${undocumented}`);
process.exit(bad || undocumented ? 1 : 0);
