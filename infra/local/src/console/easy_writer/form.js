// Forms from JSON Schema. The server validates with the same schema; its messages appear beside the fields.

import { el, uniqueId } from "./dom.js";

/** Longer texts get a text area and a note on their maximum length. */
const LONG_TEXT = 300;

/** Fields for the properties of an object's schema. */
export function schemaForm(schema) {
  const required = schema.required || [];
  const fields = Object.entries(schema.properties || {}).map(([name, property]) => ({
    name,
    ...field(name, property, required.includes(name)),
  }));
  return {
    element: el("div", { class: "fields" }, fields.map(({ row }) => row)),
    /** The input, without empty fields. */
    read() {
      const values = fields.map(({ name, read }) => [name, read()]);
      return Object.fromEntries(values.filter(([, value]) => value !== undefined));
    },
    /** Shows messages beside their fields, focuses the first, and returns the others. */
    showErrors(problems) {
      fields.forEach(({ mark }) => mark(""));
      const rest = [];
      const marked = new Set();
      for (const { field: path, message } of problems) {
        const [root, name, ...inside] = path.split(".");
        const found = root === "input" ? fields.find((candidate) => candidate.name === name) : null;
        if (!found) {
          rest.push(path ? `${path}: ${message}` : message);
          continue;
        }
        const position = Number(inside[0]);
        found.mark(inside.length && Number.isInteger(position) ? `${position + 1}-я строка: ${message}` : message);
        marked.add(found);
      }
      const first = fields.find((candidate) => marked.has(candidate));
      if (first) first.focus();
      return rest;
    },
  };
}

/** A labelled control; `extra` attributes go to the control. Used by forms that have no schema, too. */
export function labelled(title, control, { hint, required, open = !required } = {}) {
  const id = uniqueId("field");
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  control.id = id;
  control.setAttribute("aria-describedby", hint ? `${hintId} ${errorId}` : errorId);
  if (required) control.setAttribute("aria-required", "true");
  const error = el("p", { id: errorId, class: "error", hidden: true });
  const row = el("div", { class: "field" },
    el("label", { for: id }, title, open ? optional() : null),
    control,
    hint ? el("p", { id: hintId, class: "hint" }, hint) : null,
    error);
  return { row, mark: marker(control, error), focus: () => control.focus() };
}

function optional() {
  return el("span", { class: "quiet" }, " (необязательно)");
}

function marker(control, error) {
  return (message) => {
    error.textContent = message;
    error.hidden = !message;
    if (message) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
}

function field(name, schema, required) {
  const title = schema.title || name;
  // A field with a default is not marked as optional.
  const options = { hint: hint(schema), required, open: !required && schema.default === undefined };
  if (schema.type === "array" && schema.items && schema.items.enum) return choices(title, schema, options);
  const { control, read } = controlFor(name, schema, required);
  return { read, ...labelled(title, control, options) };
}

function hint(schema) {
  const limits = [];
  if (schema.type === "integer" || schema.type === "number") {
    if (schema.minimum !== undefined && schema.maximum !== undefined) limits.push(`от ${schema.minimum} до ${schema.maximum}`);
    else if (schema.minimum !== undefined) limits.push(`не меньше ${schema.minimum}`);
    else if (schema.maximum !== undefined) limits.push(`не больше ${schema.maximum}`);
  }
  if (schema.type === "array") limits.push(schema.items && schema.items.enum ? "" : "по одному в строке");
  if (schema.type === "array" && schema.maxItems !== undefined) limits.push(`не больше ${schema.maxItems}`);
  if (schema.type === "string" && schema.minLength > 1) limits.push(`не короче ${schema.minLength} знаков`);
  if (schema.type === "string" && schema.maxLength > LONG_TEXT) limits.push(`до ${schema.maxLength} знаков`);
  const text = limits.filter(Boolean).join(", ");
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  const description = (schema.description || "").trim().replace(/\.$/, "");
  return [description, sentence].filter(Boolean).join(". ");
}

function controlFor(name, schema, required) {
  if (schema.enum) return select(name, schema, required);
  switch (schema.type) {
    case "integer":
    case "number":
      return numeric(name, schema);
    case "boolean":
      return checkbox(name, schema);
    case "array":
      return lines(name, schema);
    default:
      return text(name, schema, required);
  }
}

function select(name, schema, required) {
  const open = !required && schema.default === undefined;
  const options = schema.enum.map((value, index) => el("option", { value: index, selected: value === schema.default }, String(value)));
  const control = el("select", { name }, open ? el("option", { value: "" }, "—") : null, options);
  return { control, read: () => (control.value === "" ? undefined : schema.enum[Number(control.value)]) };
}

function numeric(name, schema) {
  const control = el("input", {
    name,
    type: "number",
    inputmode: schema.type === "integer" ? "numeric" : "decimal",
    step: schema.type === "integer" ? 1 : "any",
    min: schema.minimum,
    max: schema.maximum,
    value: schema.default,
  });
  return { control, read: () => (control.value === "" ? undefined : Number(control.value)) };
}

function checkbox(name, schema) {
  const control = el("input", { name, type: "checkbox", checked: schema.default === true });
  return { control, read: () => control.checked };
}

function lines(name, schema) {
  const control = el("textarea", { name, rows: 3 });
  control.value = (schema.default || []).join("\n");
  const read = () => control.value.split("\n").map((line) => line.trim()).filter(Boolean);
  return { control, read };
}

function text(name, schema, required) {
  const long = schema.maxLength === undefined || schema.maxLength > LONG_TEXT;
  const control = long
    ? el("textarea", { name, rows: schema.maxLength > 2000 || schema.maxLength === undefined ? 7 : 3 })
    : el("input", { name, type: "text", autocomplete: "off" });
  control.value = schema.default ?? "";
  // An empty required field is left out, so that the server reports it as missing, not as too short.
  return { control, read: () => (required && control.value.trim() === "" ? undefined : control.value) };
}

/** A choice of several values. */
function choices(title, schema, { hint: hintText, open }) {
  const id = uniqueId("field");
  const chosen = schema.default || [];
  const boxes = schema.items.enum.map((value) => ({ value, box: el("input", { type: "checkbox", checked: chosen.includes(value) }) }));
  const error = el("p", { id: `${id}-error`, class: "error", hidden: true });
  const row = el("fieldset", { class: "field", "aria-describedby": `${id}-error` },
    el("legend", {}, title, open ? optional() : null),
    boxes.map(({ value, box }) => el("label", { class: "choice" }, box, String(value))),
    hintText ? el("p", { class: "hint" }, hintText) : null,
    error);
  return {
    row,
    read: () => boxes.filter(({ box }) => box.checked).map(({ value }) => value),
    mark: marker(row, error),
    focus: () => boxes[0] && boxes[0].box.focus(),
  };
}
