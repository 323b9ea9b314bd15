// Draws an OpenAPI description: groups, operations, schemas, and a form that calls the running product.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const MAX_DEPTH = 6;

const root = document.getElementById("reference");
const base = root.dataset.base;
const descriptionUrl = document.currentScript.dataset.description;
let api;

/** An element with attributes and children; strings become text, never markup. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** Descriptions: paragraphs, and `code` between backticks. */
function prose(text) {
  return (text || "").split(/\n\s*\n/).filter(Boolean).map((paragraph) =>
    el("p", {}, paragraph.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part))));
}

function resolve(node) {
  const seen = new Set();
  while (node && node.$ref && !seen.has(node.$ref)) {
    seen.add(node.$ref);
    node = node.$ref.replace(/^#\//, "").split("/").reduce((at, key) => at && at[key.replace(/~1/g, "/").replace(/~0/g, "~")], api);
  }
  return node || {};
}

/** A schema with what `allOf` adds. */
function flatten(schema) {
  const own = resolve(schema);
  if (!own.allOf) return own;
  return own.allOf.map(flatten).reduce((all, part) => ({
    ...all,
    ...part,
    properties: { ...all.properties, ...part.properties },
    required: [...(all.required || []), ...(part.required || [])],
  }), { ...own, allOf: undefined });
}

function typeOf(schema) {
  const own = flatten(schema);
  const either = own.oneOf || own.anyOf;
  if (either) return either.map(typeOf).join(" or ");
  if (own.enum) return own.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (own.const !== undefined) return JSON.stringify(own.const);
  const types = [].concat(own.type || (own.properties ? "object" : "anything"));
  return types.map((type) => (type === "array" ? `list of ${typeOf(own.items || {})}` : own.format ? `${type} (${own.format})` : type)).join(" or ");
}

function limits(schema) {
  const own = flatten(schema);
  const names = { minimum: "from", maximum: "to", minLength: "at least", maxLength: "at most", minItems: "at least", maxItems: "at most", pattern: "pattern", default: "default" };
  return Object.entries(names).filter(([key]) => own[key] !== undefined).map(([key, name]) => {
    const unit = key.endsWith("Length") ? " characters" : key.endsWith("Items") ? " items" : "";
    return `${name} ${typeof own[key] === "string" ? own[key] : JSON.stringify(own[key])}${unit}`;
  }).join(", ");
}

/** Rows of a schema's fields, nested ones with their path. */
function fields(schema, prefix = "", depth = 0, open = []) {
  const own = flatten(schema);
  const inner = own.type === "array" || [].concat(own.type).includes("array") ? own.items : null;
  if (inner) return fields(inner, `${prefix}[]`, depth, open);
  if (depth > MAX_DEPTH || !own.properties || open.includes(own)) return [];
  return Object.entries(own.properties).flatMap(([name, property]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    const required = (own.required || []).includes(name);
    return [{ path, required, schema: property }, ...fields(property, path, depth + 1, [...open, own])];
  });
}

/** A value of the schema's shape, from examples where there are any. */
function sample(schema, depth = 0) {
  const own = flatten(schema);
  if (own.example !== undefined) return own.example;
  if (own.examples && own.examples.length) return own.examples[0];
  if (own.default !== undefined) return own.default;
  if (own.const !== undefined) return own.const;
  if (own.enum) return own.enum[0];
  const either = own.oneOf || own.anyOf;
  if (either) return sample(either.find((option) => flatten(option).type !== "null") || either[0], depth);
  if (depth > MAX_DEPTH) return null;
  const type = [].concat(own.type)[0];
  if (own.properties) return Object.fromEntries(Object.entries(own.properties).map(([name, property]) => [name, sample(property, depth + 1)]));
  return { array: [sample(own.items || {}, depth + 1)], integer: own.minimum || 0, number: own.minimum || 0, boolean: false, string: "string", object: {} }[type] ?? null;
}

function table(heads, rows) {
  const head = el("thead", {}, el("tr", {}, heads.map((text) => el("th", {}, text))));
  return el("div", { class: "table" }, el("table", {}, head, el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell)))))));
}

function schemaTable(schema) {
  const rows = fields(schema).map((field) => [
    [el("code", {}, field.path), field.required ? "" : el("span", { class: "quiet small" }, " optional")],
    el("span", { class: "small" }, typeOf(field.schema)),
    [prose(resolve(field.schema).description), el("span", { class: "quiet small" }, limits(field.schema))],
  ]);
  return rows.length ? table(["Field", "Type", "Meaning"], rows) : el("p", { class: "small" }, typeOf(schema));
}

function content(holder) {
  return Object.entries(resolve(holder).content || {}).map(([type, media]) => {
    const examples = Object.values(media.examples || {}).map((example) => resolve(example).value);
    const shown = media.example !== undefined ? media.example : examples.length ? examples[0] : sample(media.schema || {});
    const text = typeof shown === "string" ? shown : JSON.stringify(shown, null, 2);
    return [el("p", { class: "quiet small" }, type), media.schema ? schemaTable(media.schema) : null, el("pre", {}, el("code", {}, text))];
  }).flat();
}

function caller(path, method, operation, parameters) {
  const inputs = parameters.filter((parameter) => ["path", "query", "header"].includes(parameter.in)).map((parameter) => {
    const input = el("input", { value: parameter.example ?? "", autocomplete: "off" });
    return { parameter, input, row: el("label", {}, `${parameter.name} (${parameter.in})`, input) };
  });
  const media = operation.requestBody && resolve(operation.requestBody).content;
  const json = media && media["application/json"];
  const body = ["post", "put", "patch"].includes(method) ? el("textarea", { spellcheck: "false" }) : null;
  if (json) body.value = JSON.stringify(json.example !== undefined ? json.example : sample(json.schema || {}), null, 2);
  const answer = el("div", { "aria-live": "polite" });
  const button = el("button", { type: "submit" }, "Send");
  const form = el("form", {}, inputs.map(({ row }) => row), body ? el("label", {}, "Body", body) : null, button, answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const url = new URL(base + path.replace(/\{(\w+)\}/g, (whole, name) => {
      const found = inputs.find(({ parameter }) => parameter.in === "path" && parameter.name === name);
      return found ? encodeURIComponent(found.input.value) : whole;
    }));
    const text = body && body.value.trim() ? body.value : undefined;
    const headers = new Headers(text ? { "Content-Type": "application/json" } : {});
    for (const { parameter, input } of inputs) {
      if (!input.value) continue;
      if (parameter.in === "query") url.searchParams.set(parameter.name, input.value);
      if (parameter.in === "header") headers.set(parameter.name, input.value);
    }
    const token = document.getElementById("token").value.trim();
    if (token) headers.set("Authorization", `Bearer ${token}`);
    const started = performance.now();
    try {
      const response = await fetch(url, { method: method.toUpperCase(), headers, credentials: "include", body: text });
      let shown = await response.text();
      try {
        const parsed = JSON.parse(shown);
        shown = JSON.stringify(parsed, null, 2);
        const fresh = (parsed.data || parsed).access_token;
        if (fresh) document.getElementById("token").value = fresh;
      } catch { /* Not JSON: shown as it is. */ }
      answer.replaceChildren(el("p", { class: "small" }, `${response.status} in ${Math.round(performance.now() - started)} ms`), el("pre", {}, el("code", {}, shown)));
    } catch (problem) {
      answer.replaceChildren(el("p", { class: "small" }, `No answer: ${problem.message}`));
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

function operation(path, method, item, shared) {
  const parameters = [...(shared || []), ...(item.parameters || [])].map(resolve);
  const body = el("div", { class: "body" });
  const details = el("details", { class: "operation" },
    el("summary", {}, el("span", { class: `method mono ${method}` }, method.toUpperCase()), el("span", { class: "mono" }, path), el("span", { class: "quiet small" }, item.summary || "")),
    body);
  // Drawn when it is opened: a large description has thousands of rows.
  details.addEventListener("toggle", () => {
    if (!details.open || body.childElementCount) return;
    body.append(...prose(item.description));
    if (parameters.length) {
      body.append(el("h4", {}, "Parameters"), table(["Name", "Type", "Meaning"], parameters.map((parameter) => [
        [el("code", {}, parameter.name), el("span", { class: "quiet small" }, ` ${parameter.in}${parameter.required ? "" : ", optional"}`)],
        el("span", { class: "small" }, typeOf(parameter.schema || {})),
        [prose(parameter.description), el("span", { class: "quiet small" }, limits(parameter.schema || {}))],
      ])));
    }
    if (item.requestBody) body.append(el("h4", {}, "Request"), ...content(item.requestBody).filter(Boolean));
    for (const [status, response] of Object.entries(item.responses || {})) {
      body.append(el("h4", {}, `Answer ${status}`), ...prose(resolve(response).description), ...content(response).filter(Boolean));
    }
    body.append(el("h4", {}, "Try it"), caller(path, method, item, parameters));
  });
  return details;
}

function draw() {
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths || {})) {
    for (const method of METHODS.filter((method) => item[method])) {
      const tag = (item[method].tags || ["Operations"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, method, item[method], item.parameters));
    }
  }
  document.title = `${api.info.title}: API reference`;
  root.replaceChildren(
    el("h1", {}, api.info.title),
    ...prose(api.info.description),
    el("p", { class: "small" }, "Served here at ", el("code", {}, base), "; the description itself is ", el("a", { href: descriptionUrl }, "JSON"), "."),
    el("label", { for: "token" }, "Access token for “Try it” (filled in when an answer has one)"),
    el("input", { id: "token", autocomplete: "off", spellcheck: "false" }),
    ...[...groups].flatMap(([tag, operations]) => {
      const described = (api.tags || []).find((known) => known.name === tag);
      return [el("h2", {}, tag), ...prose(described && described.description), ...operations];
    }),
  );
}

(async () => {
  const response = await fetch(descriptionUrl);
  if (!response.ok) {
    root.replaceChildren(el("p", {}, `The description cannot be had: ${await response.text()}`));
    return;
  }
  api = await response.json();
  draw();
})();
