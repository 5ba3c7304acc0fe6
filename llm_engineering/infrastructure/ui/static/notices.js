// What went wrong, in words that say what to do next.

import { el, icon } from "./dom.js";

/** [heading, sentence] for an ApiError. */
export function explained(error) {
  const said = error.message;
  switch (error.status) {
    case 0:
      return said ? ["Cut off", said] : ["The service cannot be reached", "Check that it is running and that you are online, then try again."];
    case 401:
    case 403:
      return ["A key is needed", said || "The service did not take the key."];
    case 404:
    case 409:
    case 413:
    case 422:
    case 400:
      return ["This cannot be answered as it is", said || "The service did not accept the request."];
    case 429:
      return ["Many are asking at once", "Your question was not lost: it is still here, and can be sent again in a moment."];
    case 503:
      return ["Not available right now", said || "A store or a model cannot be used at the moment."];
    case 504:
      return ["That took too long", said || "The answer was not finished in time; ask again, or for something shorter."];
    default: {
      const id = error.requestId ? ` The service's log tells more under request ${error.requestId}.` : "";
      return ["Something went wrong", said || `The service could not answer.${id}`];
    }
  }
}

/** A notice with a button to try again; counts down first where the service asked to wait. */
export function errorNotice(error, again) {
  const [heading, sentence] = explained(error);
  const button = el("button", { type: "button", class: "plain again" }, icon("retry"), el("span", {}, "Try again"));
  button.addEventListener("click", again);
  if (error.retryAfter) countDown(button, error.retryAfter);
  return el("div", { class: "notice", role: "alert" }, el("strong", {}, heading), el("p", {}, sentence), button);
}

export function notice(heading, sentence) {
  return el("div", { class: "notice", role: "note" }, el("strong", {}, heading), el("p", {}, sentence));
}

function countDown(button, seconds) {
  const label = button.lastChild;
  button.disabled = true;
  const end = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = left > 0;
    label.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
    if (left > 0 && (button.isConnected || left === seconds)) setTimeout(tick, 250);
  };
  tick();
}
