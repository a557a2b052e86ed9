"use strict";
// Everything from the document goes into the page as text, never as markup.
const make = (name, text, ...children) => {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
};
let api;
const resolve = (value) => {
  if (!value || !value.$ref) return value || {};
  return value.$ref.slice(2).split("/").reduce((at, step) => (at || {})[step], api) || {};
};
const typeOf = (schema) => {
  if (!schema) return "anything";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(" or ");
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(", ");
  if (schema.type === "array") return "list of " + typeOf(schema.items);
  const name = [].concat(schema.type || "anything").join(" or ");
  return schema.format ? `${name} (${schema.format})` : name;
};
const limits = (schema) => ["minLength", "maxLength", "minimum", "maximum", "maxItems", "pattern", "default"]
  .filter((key) => schema[key] !== undefined).map((key) => `${key} ${schema[key]}`)
  .concat(schema.readOnly ? "read-only" : [], schema.writeOnly ? "write-only" : []).join(", ");
const table = (rows) => {
  const body = make("tbody");
  for (const cells of rows) body.append(make("tr", "", ...cells.map((cell) => make("td", "", cell))));
  return make("table", "", body);
};
const schemaView = (schema, depth = 0) => {
  const whole = resolve(schema);
  if (depth > 3 || !whole.properties) return make("p", typeOf(schema));
  const required = new Set(whole.required || []);
  return table(Object.entries(whole.properties).map(([name, property]) => {
    const inner = resolve(property.items || property);
    const about = make("div", [typeOf(property), limits(property), property.description].filter(Boolean).join("; "));
    if (inner.properties) about.append(make("details", "", make("summary", "fields"), schemaView(inner, depth + 1)));
    return [make("code", name + (required.has(name) ? " *" : "")), about];
  }));
};
const mediaView = (content) => Object.entries(content || {}).map(([type, media]) => {
  const view = make("details", "", make("summary", type), schemaView(media.schema));
  if (media.example !== undefined) {
    const text = typeof media.example === "string" ? media.example : JSON.stringify(media.example, null, 2);
    view.append(make("pre", text));
  }
  return view;
});
const tryView = (path, method, operation) => {
  const box = make("details", "", make("summary", "Try it"));
  const fields = (operation.parameters || []).map((parameter) => {
    const input = make("input");
    input.placeholder = parameter.example === undefined ? "" : String(parameter.example);
    input.setAttribute("aria-label", parameter.name);
    return { parameter, input };
  });
  box.append(table(fields.map(({ parameter, input }) => [make("code", parameter.name), input])));
  const json = operation.requestBody && operation.requestBody.content["application/json"];
  const body = make("textarea");
  if (json) {
    body.value = JSON.stringify(json.example || {}, null, 2);
    body.setAttribute("aria-label", "Body");
    box.append(body);
  }
  const out = make("pre");
  const send = make("button", "Send");
  send.addEventListener("click", async () => {
    let target = path;
    const query = new URLSearchParams();
    const headers = { Accept: "application/json, text/*;q=0.5" };
    for (const { parameter, input } of fields) {
      if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value || input.placeholder));
      else if (input.value && parameter.in === "query") query.append(parameter.name, input.value);
      else if (input.value) headers[parameter.name] = input.value;
    }
    const token = document.getElementById("token").value.trim();
    if (token) headers.Authorization = `Bearer ${token}`;
    const request = { method: method.toUpperCase(), headers };
    if (json) { headers["Content-Type"] = "application/json"; request.body = body.value; }
    const tail = query.toString();
    out.textContent = "…";
    try {
      const answer = await fetch(target + (tail && `?${tail}`), request);
      const kept = ["allow", "etag", "location", "retry-after", "content-type"];
      const seen = kept.filter((name) => answer.headers.get(name)).map((name) => `${name}: ${answer.headers.get(name)}`);
      out.textContent = [`${answer.status} ${answer.statusText}`, ...seen, ""].join("\n");
      if ((answer.headers.get("content-type") || "").startsWith("text/event-stream")) return answer.body.cancel();
      const text = await answer.text();
      let shown = text;
      try { const value = JSON.parse(text); shown = JSON.stringify(value, null, 2); if (value && value.token) document.getElementById("token").value = value.token; } catch { /* no JSON */ }
      out.textContent += "\n" + shown;
    } catch (error) { out.textContent = String(error); }
  });
  box.append(make("p", "", send), out);
  return box;
};
const operationView = (path, method, operation) => {
  const verb = make("span", method.toUpperCase());
  verb.className = `verb ${method}`;
  const view = make("details", "", make("summary", "", verb, " ", make("code", path), " ", operation.summary || ""));
  view.dataset.text = `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase();
  // Filled when it is opened: a document may have hundreds.
  view.addEventListener("toggle", () => {
    if (!view.open || view.dataset.filled) return;
    view.dataset.filled = "yes";
    if (operation.description) view.append(make("p", operation.description));
    const open = (operation.security || []).length === 0;
    view.append(make("p", open ? "Public." : "Needs a token, unless it says otherwise."));
    if (operation.parameters) {
      view.append(make("h4", "Parameters"), table(operation.parameters.map((parameter) => [
        make("code", parameter.name + (parameter.required ? " *" : "")), make("span", parameter.in),
        make("span", [typeOf(parameter.schema), limits(parameter.schema), parameter.description].filter(Boolean).join("; ")),
      ])));
    }
    if (operation.requestBody) view.append(make("h4", "Body"), ...mediaView(operation.requestBody.content));
    view.append(make("h4", "Answers"));
    for (const [status, answer] of Object.entries(operation.responses)) {
      const whole = resolve(answer);
      view.append(make("details", "", make("summary", `${status}: ${whole.description}`), ...mediaView(whole.content)));
    }
    view.append(tryView(path, method, operation));
  }, { passive: true });
  return view;
};
const show = () => {
  const main = document.getElementById("main");
  main.replaceChildren(make("p", api.info.description));
  const groups = new Map(api.tags.map((tag) => [tag.name, make("section", "", make("h2", tag.name), make("p", tag.description))]));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      groups.get(operation.tags[0]).append(operationView(path, method, operation));
    }
  }
  main.append(...groups.values());
  const sockets = api["x-websocket"];
  if (sockets) main.append(make("h2", "WebSocket"), make("p", sockets.description), table(Object.entries(sockets.paths).map(([path, about]) => [make("code", path), make("span", about)])));
};
document.getElementById("find").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const view of document.querySelectorAll("[data-text]")) view.hidden = !view.dataset.text.includes(wanted);
  for (const group of document.querySelectorAll("section")) group.hidden = !group.querySelector("[data-text]:not([hidden])");
});
fetch("/api/schema/").then((answer) => answer.json()).then((found) => { api = found; show(); })
  .catch((error) => document.getElementById("main").replaceChildren(make("p", String(error))));
