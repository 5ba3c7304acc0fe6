// The page: whom to ask, what to ask, and the turns of the conversation.

import { ApiError, getJson } from "./api.js";
import { lane } from "./answer.js";
import { el, icon } from "./dom.js";
import { askedForKey } from "./key.js";
import { MODES } from "./modes.js";
import { errorNotice } from "./notices.js";
import { hidePassage } from "./sources.js";

const $ = (id) => document.getElementById(id);
const CHOICES = "llm-twin-choices";
const REMEMBERED_TURNS = 2;
const REMEMBERED_CHARACTERS = 1500;
const MOST_CHARACTERS = 4000;

const state = { authors: [], running: new Set(), turns: [] };

// ------------------------------------------------------------------ what is chosen

const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;
const author = () => state.authors[$("author").selectedIndex];
const slugOf = (twin) => twin.slice(0, twin.lastIndexOf("/"));

function remember() {
  const kept = { author: author()?.full_name, voice: chosen("voice"), mode: chosen("mode"), length: $("length").value,
    passages: $("passages").value, refuse: $("refuse").checked, support: $("support").checked };
  sessionStorage.setItem(CHOICES, JSON.stringify(kept));
}

function recall() {
  let kept = {};
  try {
    kept = JSON.parse(sessionStorage.getItem(CHOICES) ?? "{}");
  } catch {
    return;
  }
  for (const name of ["voice", "mode"]) {
    const input = document.querySelector(`input[name="${name}"][value="${CSS.escape(kept[name] ?? "")}"]`);
    if (input) input.checked = true;
  }
  for (const name of ["length", "passages"]) if (kept[name]) $(name).value = kept[name];
  for (const name of ["refuse", "support"]) if (name in kept) $(name).checked = kept[name];
  const at = state.authors.findIndex((one) => one.full_name === kept.author);
  if (at >= 0) $("author").selectedIndex = at;
}

/** Who answers now: [{voice, model, name}], the twin first. */
function voices() {
  const person = author();
  const version = $("version").value;
  const twin = { voice: "twin", model: version, name: `${person.full_name}, twin ${version.slice(version.lastIndexOf("/") + 1)}` };
  const base = { voice: "base", model: "base", name: "Base model" };
  switch (version ? chosen("voice") : "base") {
    case "twin":
      return [twin];
    case "base":
      return [base];
    default:
      return [twin, base];
  }
}

// ------------------------------------------------------------------ whom to ask

async function begin() {
  try {
    const answered = await getJson("/v1/authors");
    state.authors = answered.authors ?? answered.data ?? answered;
  } catch (error) {
    if (error.status === 401 && (await askedForKey())) return begin();
    welcome("Not ready", "Nobody can be asked just now", "");
    $("starts").replaceChildren(el("li", {}, errorNotice(error instanceof ApiError ? error : new ApiError(0, ""), begin)));
    return;
  }
  if (!state.authors.length) {
    welcome("An empty shelf", "No author is known yet", "Collect what somebody has published with ./poe run-digital-data-etl, then reload this page.");
    return;
  }
  $("author").replaceChildren(...state.authors.map((one) => el("option", {}, one.full_name)));
  $("author").disabled = $("message").disabled = false;
  const ready = state.authors.findIndex((one) => one.latest);
  $("author").selectedIndex = Math.max(0, ready);
  recall();
  authorChanged();
  if (matchMedia("(hover: hover)").matches) $("message").focus();
}

function authorChanged() {
  const person = author();
  const twins = [...person.twins].sort((a, b) => String(b.created_at).localeCompare(String(a.created_at)));
  const latest = person.latest ?? twins[0]?.twin;
  $("version").replaceChildren(...twins.map((one) => el("option", { value: one.twin, selected: one.twin === latest }, versionName(one, person.latest))));
  $("version").hidden = twins.length < 2 || chosen("voice") === "base";
  $("author").hidden = false;
  const none = twins.length === 0;
  for (const input of document.querySelectorAll('input[name="voice"]')) input.disabled = none && input.value !== "base";
  $("voices").title = none ? `${person.full_name} has no trained twin yet; the base model answers.` : "";
  if (none) document.querySelector('input[name="voice"][value="base"]').checked = true;
  greet();
}

function versionName(one, latest) {
  const number = one.twin.slice(one.twin.lastIndexOf("/") + 1);
  const kind = one.twin === latest ? " (latest)" : one.evaluated && !one.passed_evaluation ? " (did not pass)" : "";
  return `Twin ${number}${kind}`;
}

function greet() {
  const person = author();
  const mode = MODES[chosen("mode")];
  const name = chosen("voice") === "base" ? "the base model" : person.full_name;
  $("message-label").textContent = mode.label;
  $("message").placeholder = mode.placeholder(person.full_name.split(" ")[0]);
  typed();
  const overline = person.chunks ? `${person.chunks.toLocaleString()} passages of ${person.full_name}` : `Nothing of ${person.full_name} is indexed yet`;
  welcome(overline, mode.greeting(chosen("mode") === "answer" ? person.full_name : name), mode.lead);
  $("starts").replaceChildren(...mode.starts.map((text) => el("li", {}, el("button", { type: "button", class: "start", onclick: () => start(text) }, text))));
  document.title = `${person.full_name} · LLM Twin`;
}

function welcome(overline, greeting, lead) {
  $("overline").textContent = overline;
  $("greeting").textContent = greeting;
  $("lead").textContent = lead;
}

function start(text) {
  $("message").value = text;
  typed();
  send();
}

// ------------------------------------------------------------------ a turn

function send() {
  const question = $("message").value.trim();
  if (!question || state.running.size || $("send").disabled) return;
  const mode = chosen("mode");
  const lanes = voices();
  const turn = { question, mode, author: author().full_name, answers: new Map() };
  const holder = el("div", { class: `lanes ${lanes.length > 1 ? "two" : "one"}` });
  const verb = mode === "answer" ? null : el("span", { class: "verb" }, mode === "draft" ? "To draft" : "To rewrite");
  const node = el("article", { class: "turn" }, el("header", { class: "asked" }, verb, questionOf(question)), holder);
  $("welcome").hidden = true;
  $("fresh").hidden = false;
  $("turns").append(node);
  const bodies = lanes.map((one) => ({ question, author: author().full_name, voice: one.voice, name: one.name, body: bodyOf(one, question, mode) }));
  state.turns.push(turn);
  for (const asked of bodies) fillLane(holder, asked, turn);
  $("message").value = "";
  typed();
  remember();
  node.scrollIntoView({ block: "start", behavior: calm() });
}

function questionOf(text) {
  if (text.length < 420) return el("h2", { dir: "auto" }, text);
  const whole = el("details", {}, el("summary", {}, el("h2", { dir: "auto" }, `${text.slice(0, 180).trimEnd()} …`)), el("div", { class: "whole", dir: "auto" }, text));
  return whole;
}

async function fillLane(holder, asked, turn, instead = null) {
  const stopper = new AbortController();
  const one = lane(asked, {
    onRetry: (node) => fillLane(holder, asked, turn, node),
    onGrow: follow,
  });
  if (instead) instead.replaceWith(one.node);
  else holder.append(one.node);
  state.running.add(stopper);
  busy();
  const outcome = await one.run(stopper.signal);
  state.running.delete(stopper);
  if (outcome === "done") turn.answers.set(asked.voice, one.got.text);
  busy();
  tell(asked, outcome, one.got);
  if (outcome.status === 401 && (await askedForKey())) fillLane(holder, asked, turn, one.node);
}

function bodyOf(voice, question, mode) {
  const twin = { author: author().full_name, mode, length: $("length").value, k: Number($("passages").value),
    refuse: $("refuse").checked, support: $("support").checked };
  const earlier = mode === "answer" ? history(voice.voice) : [];
  return { model: voice.model, messages: [...earlier, { role: "user", content: question }],
    stream_options: { include_usage: true }, twin };
}

/** The last turns with this author in this voice, short enough for a small model's context. */
function history(voice) {
  const same = (turn) => turn.mode === "answer" && turn.author === author().full_name && turn.answers.has(voice);
  const turns = state.turns.filter(same).slice(-REMEMBERED_TURNS);
  const messages = turns.flatMap((turn) => [{ role: "user", content: turn.question }, { role: "assistant", content: turn.answers.get(voice) }]);
  return messages.map((one) => ({ ...one, content: Array.from(one.content).slice(0, REMEMBERED_CHARACTERS).join("") }));
}

function stop() {
  for (const stopper of state.running) stopper.abort();
}

function tell(asked, outcome, got) {
  if (outcome === "done") $("status").textContent = `${asked.name} has answered, with ${got.sources.length} sources.`;
  else if (outcome === "stopped") $("status").textContent = "Stopped.";
}

function afresh() {
  stop();
  state.turns = [];
  $("turns").replaceChildren();
  $("welcome").hidden = false;
  $("fresh").hidden = true;
  greet();
  $("message").focus();
}

// ------------------------------------------------------------------ the composer

function busy() {
  const running = state.running.size > 0;
  const button = $("send");
  button.replaceChildren(icon(running ? "stop" : "send"));
  button.classList.toggle("stop", running);
  button.title = running ? "Stop (Esc)" : "Send";
  button.setAttribute("aria-label", running ? "Stop" : "Send");
  if (running) $("status").textContent = "Answering.";
  typed();
}

function typed() {
  const field = $("message");
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, innerHeight * 0.4)}px`;
  const over = Array.from(field.value).length - MOST_CHARACTERS;
  $("send").disabled = state.running.size === 0 && (!field.value.trim() || over > 0);
  $("hint").textContent = over > 0 ? `${over.toLocaleString()} characters more than one message may have` : hintOf(chosen("mode"));
  $("hint").classList.toggle("over", over > 0);
}

/** How to send, where there is a keyboard. */
function hintOf(mode) {
  return matchMedia("(hover: hover)").matches ? MODES[mode].hint : "";
}

function keyed(event) {
  if (event.key !== "Enter" || event.isComposing || event.shiftKey || event.altKey) return;
  const commanded = event.ctrlKey || event.metaKey;
  if (!commanded && chosen("mode") === "rewrite") return;
  event.preventDefault();
  send();
}

/** Keep the end in sight while it grows, unless the reader has scrolled away from it. */
function follow() {
  const page = document.documentElement;
  const last = $("turns").lastElementChild;
  const away = page.scrollHeight - innerHeight - scrollY;
  if (last && away > 0 && away < 90 && last.getBoundingClientRect().top > 80) scrollTo({ top: page.scrollHeight });
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

// ------------------------------------------------------------------ everything together

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (state.running.size) stop();
  else send();
});
$("message").addEventListener("keydown", keyed);
$("message").addEventListener("input", typed);
$("author").addEventListener("change", () => (remember(), authorChanged()));
$("voices").addEventListener("change", () => (remember(), authorChanged()));
$("modes").addEventListener("change", () => (remember(), greet(), $("message").focus()));
$("options").addEventListener("change", remember);
$("fresh").addEventListener("click", afresh);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open], .options:popover-open") && !hidePassage()) stop();
});
busy();
begin();
