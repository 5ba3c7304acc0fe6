// The API as a page to read, drawn from /openapi.json: what there is, what each takes, gives and refuses.

import { el } from "./dom.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEEPEST = 6;

let spec = {};

async function begin() {
  const content = document.getElementById("content");
  try {
    const response = await fetch("/openapi.json");
    if (!response.ok) throw new Error(String(response.status));
    spec = await response.json();
  } catch {
    content.replaceChildren(el("p", { class: "lead", role: "alert" }, "The description cannot be read just now; reload the page in a moment."));
    return;
  }
  const endpoints = Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method], id: `${method}${path.replace(/[^a-z0-9]+/gi, "-")}` })));
  content.replaceChildren(el("h1", {}, spec.info.title), el("p", { class: "lead" }, spec.info.description ?? ""), el("p", { class: "lead" }, "Where the service has API keys, send one with each request: ", el("code", {}, "Authorization: Bearer KEY")), ...endpoints.map(section));
  document.getElementById("contents").replaceChildren(el("ul", {}, ...endpoints.map((one) =>
    el("li", {}, el("a", { href: `#${one.id}` }, badge(one.method), el("span", {}, one.path))))));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function badge(method) {
  return el("span", { class: `method ${method}` }, method.toUpperCase());
}

function section({ path, method, operation, id }) {
  const body = Object.values(operation.requestBody?.content ?? {})[0];
  const schema = body && resolved(body.schema);
  const node = el("section", { class: "endpoint", id },
    el("h2", {}, badge(method), el("code", {}, path)),
    el("p", { class: "summary" }, operation.summary ?? ""), ...paragraphs(operation.description));
  if (operation.parameters?.length) node.append(el("h3", {}, "Parameters"), fields(operation.parameters.map((one) => [one.name, { ...resolved(one.schema), description: one.description }, one.required])));
  if (schema) node.append(el("h3", {}, "Takes"), properties(schema, 0, true));
  const curl = example(path, method, schema, body?.schema);
  node.append(el("h3", {}, "Example"), el("pre", { tabIndex: 0 }, el("code", {}, curl)));
  node.append(...responses(operation.responses));
  return node;
}

function paragraphs(text) {
  return (text ?? "").split(/\n\s*\n/).filter((one) => one.trim()).map((one) => el("p", {}, one.replace(/\s+/g, " ").trim()));
}

function responses(all = {}) {
  const good = [];
  const refusals = [];
  for (const [status, response] of Object.entries(all)) {
    const kinds = Object.entries(response.content ?? {});
    const [type, body] = kinds.find(([kind]) => kind === "application/json") ?? kinds[0] ?? [];
    if (status.startsWith("2")) {
      good.push(el("h3", {}, `Gives ${status}`));
      const schema = body?.schema && resolved(body.schema);
      if (schema?.properties) good.push(properties(schema, 0));
      else good.push(el("p", {}, schema && Object.keys(schema).length ? `${typeOf(body.schema)}, as ${type}` : response.description || "Nothing more."));
    } else refusals.push(el("div", {}, el("dt", {}, status), el("dd", {}, response.description ?? "")));
  }
  return refusals.length ? [...good, el("h3", {}, "Refuses"), el("dl", { class: "statuses" }, ...refusals)] : good;
}

// ------------------------------------------------------------------ schemas

function resolved(schema, depth = 0) {
  if (!schema || depth > DEEPEST) return {};
  if (schema.$ref) {
    const { $ref, ...beside } = schema;
    return { ...resolved($ref.slice(2).split("/").reduce((at, part) => at?.[part], spec), depth + 1), ...beside };
  }
  return schema;
}

/** The parts of a union, without null. */
function parts(schema) {
  return (schema.anyOf ?? schema.oneOf ?? [schema]).filter((one) => one.type !== "null");
}

function typeOf(schema, depth = 0) {
  if (depth > DEEPEST || !schema) return "anything";
  const some = schema.anyOf ?? schema.oneOf;
  if (some) return some.map((one) => typeOf(one, depth + 1)).join(" or ");
  if (schema.$ref) {
    const found = resolved(schema);
    return found.enum || found.type !== "object" ? typeOf(found, depth + 1) : found.title ?? schema.$ref.split("/").pop();
  }
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" or ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.type === "array") return `list of ${typeOf(schema.items, depth + 1)}`;
  return { string: schema.format === "date-time" ? "date and time" : "text", integer: "whole number", boolean: "true or false" }[schema.type] ?? schema.type ?? "anything";
}

/** The fields of an object; which ones are required matters only where they are to be sent. */
function properties(schema, depth, sent = false) {
  const rows = Object.entries(schema.properties ?? {}).map(([name, one]) => [name, one, sent && schema.required?.includes(name)]);
  return rows.length ? fields(rows, depth, sent) : el("p", {}, typeOf(schema));
}

function fields(rows, depth = 0, sent = false) {
  return el("dl", { class: "fields" }, ...rows.map(([name, schema, required]) => {
    const inner = nested(schema);
    return el("div", {},
      el("dt", {}, el("code", {}, name), el("span", { class: "type" }, typeOf(schema) + limits(schema)), required ? el("span", { class: "required" }, "required") : null),
      el("dd", {}, resolved(schema).description ?? "", "default" in schema && schema.default !== null ? el("span", { class: "default" }, ` Default: ${JSON.stringify(schema.default)}.`) : null,
        inner && depth < 2 ? el("details", {}, el("summary", {}, `Fields of ${inner.title ?? "it"}`), properties(inner, depth + 1, sent)) : null));
  }));
}

/** The object within a field, when there is one to look into. */
function nested(schema) {
  for (const one of parts(schema)) {
    const inner = resolved(one.type === "array" ? resolved(one).items : one);
    for (const part of parts(inner ?? {})) {
      const found = resolved(part);
      if (found.properties) return found;
    }
  }
  return null;
}

function limits(schema) {
  const one = parts(schema)[0] ?? {};
  const from = one.minimum ?? one.exclusiveMinimum;
  const to = one.maximum ?? one.exclusiveMaximum;
  if (from !== undefined && to !== undefined) return `, ${from} to ${to}`;
  if (one.maxLength) return `, at most ${one.maxLength.toLocaleString()} characters`;
  return "";
}

// ------------------------------------------------------------------ an example to copy

function example(path, method, schema, given) {
  const where = `curl ${location.origin}${path}`;
  if (method === "get") return where;
  const body = resolved(given)?.examples?.[0] ?? sample(schema ?? {}, 0);
  return `${where} \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`;
}

function sample(schema, depth) {
  const one = resolved(parts(resolved(schema))[0] ?? {});
  if (one.examples?.length) return one.examples[0];
  if (one.default !== undefined) return one.default;
  if (one.enum) return one.enum[0];
  if (one.properties && depth < 4) {
    const names = one.required ?? Object.keys(one.properties).slice(0, 2);
    return Object.fromEntries(names.map((name) => [name, sample(one.properties[name] ?? {}, depth + 1)]));
  }
  switch (one.type) {
    case "array":
      return [sample(one.items ?? {}, depth + 1)];
    case "integer":
    case "number":
      return one.minimum ?? 1;
    case "boolean":
      return true;
    case "object":
      return {};
    default:
      return "…";
  }
}

begin();
