// One answer as it comes: who speaks, the text token by token, its sources, and what a reader may do with it.

import { ApiError, streamed } from "./api.js";
import { count, el } from "./dom.js";
import { tools } from "./feedback.js";
import { errorNotice, notice } from "./notices.js";
import { hidePassage, reference, sourceList } from "./sources.js";

const WHY_ENDED = { length: "It ends here because it reached the longest length allowed; ask for a longer one under Options." };

/**
 * A lane of a turn. `asked` has {question, author, voice, body}: what to send and how to call who answers.
 * `run(signal)` streams it in and returns "done", "stopped" or the ApiError that ended it.
 */
export function lane(asked, { onRetry, onGrow }) {
  const text = el("div", { class: "text", dir: "auto" });
  const state = el("p", { class: "waiting" }, asked.body.twin.mode === "rewrite" ? "Writing …" : `Reading what ${asked.author} wrote …`);
  const byline = el("h3", { class: "byline" }, el("span", { class: "dot" }), asked.name);
  const main = el("div", { class: "said" }, byline, state, text);
  const aside = el("aside", { class: "sources", hidden: true, "aria-label": "Sources" });
  const node = el("section", { class: `lane ${asked.voice}`, "aria-label": asked.name, "aria-busy": "true" }, main, aside);
  const got = { text: "", sources: [], support: null, withheld: null, twin: asked.body.model, author: asked.author, finish: null };

  function take(chunk) {
    const choice = chunk.choices?.[0];
    const piece = choice?.delta?.content ?? "";
    const extra = chunk.twin && typeof chunk.twin === "object" ? { ...chunk, ...chunk.twin } : chunk;
    if (typeof extra.twin === "string") got.twin = extra.twin;
    for (const name of ["author", "support", "withheld", "timings", "usage"]) if (extra[name]) got[name] = extra[name];
    if (choice?.finish_reason) got.finish = choice.finish_reason;
    // They come twice: when they are found, and at the end, quoted by what the answer has come to say.
    if (extra.sources?.length) showSources(extra.sources);
    if (piece) grow(piece);
    else if (extra.sources) state.textContent = "Writing …";
    onGrow();
  }

  function grow(piece) {
    state.hidden = true;
    got.text += piece;
    text.append(piece);
  }

  function showSources(sources) {
    got.sources = sources;
    hidePassage();
    aside.replaceChildren(el("h4", {}, count(sources.length, "source")), sourceList(sources));
    aside.hidden = false;
  }

  function close(outcome, begun, first) {
    node.setAttribute("aria-busy", "false");
    state.hidden = true;
    if (got.withheld) {
      text.replaceChildren();
      got.text = "";
      main.append(notice("The answer was withheld", String(got.withheld)));
    }
    if (outcome instanceof ApiError) main.append(errorNotice(outcome, () => onRetry(node)));
    if (outcome === "stopped") main.append(el("p", { class: "aside-note" }, "Stopped."));
    if (got.support && got.text) annotate(text, got);
    if (outcome === "done" && WHY_ENDED[got.finish]) main.append(el("p", { class: "aside-note" }, WHY_ENDED[got.finish]));
    if (got.text) main.append(tools(got, asked, text, took(got, begun, first)));
    onGrow();
  }

  async function run(signal) {
    const begun = performance.now();
    let first = null;
    let outcome = "done";
    try {
      await streamed(asked.body, signal, (chunk) => {
        take(chunk);
        if (got.text && first === null) first = performance.now();
      });
      if (!got.text && !got.withheld) outcome = new ApiError(0, "The answer came back empty; try again or put the question another way.");
    } catch (error) {
      outcome = outcome_of(error);
    }
    close(outcome, begun, first);
    return outcome;
  }

  return { node, run, got };
}

function outcome_of(error) {
  if (error.name === "AbortError") return "stopped";
  return error instanceof ApiError ? error : new ApiError(0, "The service sent something that this page does not understand.");
}

function took(got, begun, first) {
  const total = ((got.timings?.total_ms ?? performance.now() - begun) / 1000).toFixed(1);
  const until = first === null || first - begun < 100 ? "" : `, first word after ${((first - begun) / 1000).toFixed(1)} s`;
  const tokens = got.usage?.completion_tokens ? `${count(got.usage.completion_tokens, "token")} in ` : "";
  return `${tokens}${total} s${until}`;
}

/** Mark each sentence by what the sources say of it. Spans count characters, not UTF-16 units. */
function annotate(text, got) {
  const characters = Array.from(got.text);
  const parts = [];
  let at = 0;
  for (const one of [...got.support].sort((a, b) => a.start - b.start)) {
    if (one.start < at || one.end > characters.length) continue;
    parts.push(characters.slice(at, one.start).join(""), sentence(characters.slice(one.start, one.end).join(""), one, got.sources));
    at = one.end;
  }
  text.replaceChildren(...parts, characters.slice(at).join(""));
  const borne = got.support.filter((one) => one.label === "supported").length;
  const open = got.support.filter((one) => one.label === "unsupported").length;
  const said = [borne ? `${count(borne, "sentence")} borne out by a source` : "", open ? `${open} not` : ""].filter(Boolean).join(", ");
  text.after(el("p", { class: "legend" }, said ? `${said}.` : "Nothing in it could be looked up."));
}

function sentence(words, one, sources) {
  const source = sources[one.source];
  const span = el("span", { class: `sentence ${one.label === "supported" || one.label === "unsupported" ? one.label : "opinion"}` }, words);
  if (one.label === "unsupported") span.append(el("span", { class: "sr-only" }, " (no source bears this out)"));
  if (one.label !== "supported" || !source) return span;
  const where = Number.isInteger(one.source_start) ? [one.source_start, one.source_end] : null;
  span.append(reference(source, one.source + 1, where));
  return span;
}
