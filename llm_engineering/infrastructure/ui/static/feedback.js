// What a reader may do with an answer: say whether it is good, put it right, copy it.

import { ApiError, postJson } from "./api.js";
import { el, icon, iconButton } from "./dom.js";
import { explained } from "./notices.js";

/** The row of tools under an answer. `got` is what came, `asked` what was asked, `text` the element that shows it. */
export function tools(got, asked, text, took) {
  const note = el("span", { class: "said-thanks", role: "status" });
  const up = iconButton("up", "Good answer", () => rate(1), { "aria-pressed": "false" });
  const down = iconButton("down", "Not a good answer", () => rate(-1), { "aria-pressed": "false" });
  const edit = iconButton("edit", "Edit the answer", () => opened());
  const copy = iconButton("copy", "Copy the answer", copied);
  const row = el("div", { class: "tools" }, up, down, edit, copy, note, el("span", { class: "took" }, took));
  const whole = el("div", {}, row);
  let rating = 0;
  let editor = null;

  async function send(more) {
    const body = { author: got.author, twin: got.twin, question: asked.question, mode: asked.body.twin.mode, answer: got.text, rating: rating || -1, ...more };
    note.textContent = "";
    try {
      await postJson("/v1/feedback", body);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      note.textContent = explained(error).join(": ");
      return false;
    }
  }

  async function rate(value) {
    const before = rating;
    rating = value;
    press();
    if (await send({})) note.textContent = value > 0 ? "Thank you." : "Thank you. Put it right with the pencil, if you like.";
    else {
      rating = before;
      press();
    }
  }

  function press() {
    up.setAttribute("aria-pressed", String(rating === 1));
    down.setAttribute("aria-pressed", String(rating === -1));
  }

  function opened() {
    if (editor) return editor.querySelector("textarea").focus();
    const field = el("textarea", { value: got.text, rows: 3, "aria-label": "The answer as it should be" });
    const shut = () => {
      editor.remove();
      editor = null;
      edit.focus();
    };
    const save = async () => {
      const better = field.value.trim();
      if (!better || better === got.text.trim()) return field.focus();
      if (!(await send({ edited_answer: better }))) return;
      text.replaceChildren(better);
      text.parentElement.querySelector(".legend")?.remove();
      note.textContent = "Your version is kept. The next training can learn from it.";
      shut();
    };
    editor = el("div", { class: "editor" }, field, el("div", { class: "row" },
      el("button", { type: "button", class: "plain", onclick: shut }, "Leave it"),
      el("button", { type: "button", class: "primary", onclick: save }, "Send my version")));
    editor.addEventListener("keydown", (event) => {
      if (event.key === "Escape") shut();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
      event.stopPropagation();
    });
    whole.append(editor);
    field.style.height = `${Math.min(field.scrollHeight + 4, 420)}px`;
    field.focus();
  }

  async function copied() {
    try {
      await navigator.clipboard.writeText(text.querySelector(".sentence") ? got.text : text.textContent);
      copy.replaceChildren(icon("done"));
      note.textContent = "Copied.";
      setTimeout(() => copy.replaceChildren(icon("copy")), 1600);
    } catch {
      getSelection().selectAllChildren(text);
      note.textContent = "The browser does not let this page copy; the answer is selected instead.";
    }
  }

  return whole;
}
