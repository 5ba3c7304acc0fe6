// The dialog that asks for an API key, where the service wants one.

import { keep } from "./api.js";

const $ = (id) => document.getElementById(id);
let askingKey = null;

/** Ask for the API key; true when one was given. Several answers that need it share one question. */
export function askedForKey() {
  askingKey ??= new Promise((resolve) => {
    const dialog = $("key-dialog");
    $("key").value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      askingKey = null;
      const key = dialog.returnValue === "given" ? $("key").value.trim() : "";
      $("key").value = "";
      if (key) keep(key);
      resolve(Boolean(key));
    }, { once: true });
    dialog.showModal();
  });
  return askingKey;
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  $("key-dialog").close("given");
});
$("key-cancel").addEventListener("click", () => $("key-dialog").close(""));
