// SPDX-License-Identifier: MIT
// The script of an attention page. It decodes only the weights of the head that is displayed.
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline constexpr std::string_view page_script = R"js(
"use strict";

const find = id => document.getElementById(id);
const about = JSON.parse(find("about").textContent);
const tokens = about.tokens;
const special = new Set(about.special);
const layers = about.heads.length;
const headsOf = layer => about.heads[layer].length;

// In the order of heed::head_kind: a sign, a name, and a sentence for a share of the weight.
const kinds = [
  ["i", "Induction", s => `Looks at what came after the same token earlier, with ${s}: it can go on as before.`],
  ["=", "Same token", s => `Looks at tokens equal to its own, with ${s}.`],
  ["‹", "Previous token", s => `Looks at the token before, with ${s}.`],
  ["›", "Next token", s => `Looks at the token behind, with ${s}.`],
  [".", "Punctuation", s => `Looks at punctuation and ends of lines, with ${s}.`],
  ["o", "Itself", s => `Each token looks at itself, with ${s}.`],
  ["", [...special].some(i => i > 0) ? "First or special" : "First token", s => `Rests on the first token and special ones, with ${s}: it finds little to look at here.`],
  ["~", "Near by", s => `Looks around, up to four tokens away, with ${s}.`],
  ["≡", "Everything", () => `Spreads its weight over nearly everything alike.`],
  ["*", "Chosen tokens", () => `Picks single tokens by no simple rule: point at tokens to see which.`],
];

const percent = p => `${p >= 0.0995 ? Math.round(100 * p) : (100 * p).toFixed(1)}\u00a0%`;
const shown = i => tokens[i].replace(/^ /, "").replace(/\n/g, "↵").replace(/\t/g, "⇥").replace(/\r/g, "");
const named = i => `“${shown(i) || "␣"}”`;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// All heads: the best of each kind that looks at something, then those that look at most.
const ranking = [];
about.heads.forEach((heads, layer) => heads.forEach(([kind, share, queries, rest, interest], head) =>
  ranking.push({layer, head, kind, share: share / 1e4, queries, rest: rest / 1e4, interest: interest / 1e4})));
ranking.sort((a, b) => b.interest - a.interest);
const rests = 6, broad = 8;
const best = new Set([...kinds.keys()].filter(k => k !== rests && k !== broad).map(k => ranking.find(r => r.kind === k)));
ranking.sort((a, b) => best.has(b) - best.has(a) || b.interest - a.interest);
const described = (layer, head) => ranking.find(r => r.layer === layer && r.head === head);

// --- weights ---------------------------------------------------------------------------------------------------

// The bytes of heed::detail::sparse_rows: entry e of row i, start[i] <= e < start[i + 1], has a key and a weight.
function decode(layer, head) {
  const line = find(`layer-${layer}`).textContent.trim().split("\n")[head];
  const bytes = Uint8Array.from(atob(line), c => c.charCodeAt(0));
  const key = [], weight = [], start = [0], others = [];
  const probability = byte => (byte / 255) ** 2;
  for (let at = 0; at < bytes.length;) {
    const count = bytes[at++];
    others.push(probability(bytes[at++]));
    for (let e = 0, before = 0; e < count; ++e) {
      let distance = 0, unit = 1;
      for (; bytes[at] >= 128; unit *= 128) distance += (bytes[at++] - 128) * unit;
      before += distance + bytes[at++] * unit;
      key.push(before);
      weight.push(probability(bytes[at++]));
    }
    start.push(key.length);
  }
  return {layer, head, key, weight, start, others};
}

// [token, weight], the largest first.
function attendsTo(data, token) {
  const out = [];
  for (let e = data.start[token]; e < data.start[token + 1]; ++e) out.push([data.key[e], data.weight[e]]);
  return out.sort((a, b) => b[1] - a[1]);
}
function attendedBy(data, token) {
  const out = [];
  for (let row = 0; row < tokens.length; ++row)
    for (let e = data.start[row]; e < data.start[row + 1]; ++e)
      if (data.key[e] === token) out.push([row, data.weight[e]]);
  return out.sort((a, b) => b[1] - a[1]);
}

// --- what is seen ----------------------------------------------------------------------------------------------

let data = null;      // of the head
let chosen = 0;       // the token that was clicked
let pointed = null;   // the token below the pointer
let kind = null;      // of the heads in the ranking; null: all
let more = false;     // whether all of them are listed
let waiting = false;  // for the next frame

const spans = tokens.map((text, i) => {
  const span = element("span", {className: special.has(i) ? "token special" : "token"},
                       element("b", {textContent: shown(i) || "␣"}));
  span.id = `token-${i}`;
  span.setAttribute("role", "option");
  span.dataset.token = i;
  return span;
});
for (const [i, span] of spans.entries()) {
  if (tokens[i].startsWith(" ")) find("text").append(" ");
  find("text").append(span);
  if (tokens[i].includes("\n")) find("text").append(element("br"));
}

function showHead(layer, head) {
  data = decode(layer, head);
  const r = described(layer, head), place = listed().indexOf(r) + 1;
  find("which").replaceChildren(`Layer ${layer + 1}, head ${head + 1} `,
    element("small", {textContent: place > 0 ? `${place} of ${listed().length}` : ""}));
  const share = `${percent(r.share)} of its weight` +
    (r.queries < 0.8 * tokens.length ? ` (at the ${r.queries} tokens that have one)` : "");
  find("what").textContent = kinds[r.kind][2](share);
  for (const button of find("ranking").querySelectorAll("button"))
    button.setAttribute("aria-current", button.dataset.head === `${layer},${head}`);
  for (const button of find("map").querySelectorAll("button")) {
    const here = button.dataset.head === `${layer},${head}`;
    button.setAttribute("aria-pressed", here);
    button.tabIndex = here ? 0 : -1;
  }
  drawMatrix();
  soon();
}

// Shows the token of interest, once a frame.
function soon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; showToken(pointed ?? chosen); });
}

function showToken(token) {
  const to = attendsTo(data, token), by = attendedBy(data, token);
  const mark = (name, pairs) => {
    const weights = new Map(pairs);
    spans.forEach((span, i) => {
      const w = weights.get(i) ?? 0;
      if (w >= 0.005) {
        span.dataset[name] = w >= 0.05 ? Math.round(100 * w) : "";
        span.style.setProperty(`--${name}-weight`, w.toFixed(3));
      } else if (name in span.dataset) {
        delete span.dataset[name];
      }
    });
  };
  mark("to", to);
  mark("by", by);
  spans.forEach((span, i) => {
    span.classList.toggle("chosen", i === token);
    span.setAttribute("aria-selected", i === token);
  });
  find("text").setAttribute("aria-activedescendant", `token-${token}`);
  find("to-title").textContent = `${named(token)} (${token + 1}) attends to`;
  find("by-title").textContent = `${named(token)} is attended by`;
  list("to", to, data.others[token]);
  list("by", by, 0);
  drawMatrix(token);
  find("pair").textContent = `Row ${token + 1}: ${named(token)} attends to ` +
    (to.slice(0, 3).map(([i, w]) => `${named(i)} ${percent(w)}`).join(", ") || "nothing") + ".";
  history.replaceState(null, "", `#${data.layer + 1}.${data.head + 1}.${chosen + 1}`);
}

function list(id, pairs, others) {
  const most = 8, row = (w, label, className = "") => {
    const bar = element("i");
    bar.style.width = `${Math.max(2, 72 * w)}px`;
    bar.style.borderTopWidth = `${1 + 8 * w}px`;
    return element("li", {className}, element("span", {textContent: percent(w)}), bar, label);
  };
  const first = pairs.slice(0, most);
  const left = pairs.slice(most);
  const rows = first.map(([i, w]) => {
    const button = element("button", {textContent: `${shown(i)}  `}, element("span", {className: "soft", textContent: i + 1}));
    button.dataset.token = i;
    return row(w, button);
  });
  const rest = id === "to" ? others + left.reduce((sum, [, w]) => sum + w, 0) : 0;
  if (rest >= 0.001) rows.push(row(rest, element("span", {textContent: "others, together"}), "others"));
  if (id === "by" && left.length > 0)
    rows.push(element("li", {className: "others words", textContent: `and ${left.length} more`}));
  if (rows.length === 0) rows.push(element("li", {className: "others words", textContent: "none, or too little to be kept"}));
  find(id).replaceChildren(...rows);
}
)js"
                                                R"js(
// --- the matrix ------------------------------------------------------------------------------------------------

let picture = null;  // of the head, without the crosshair

function drawMatrix(token = null) {
  const canvas = find("matrix"), n = tokens.length;
  const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name);
  if (token === null || canvas.width !== side) {
    picture = element("canvas", {width: side, height: side});
    const pen = picture.getContext("2d"), cell = side / n, size = Math.max(cell, 1.5);
    pen.fillStyle = colour("--ink");
    for (let row = 0; row < n; ++row)
      for (let e = data.start[row]; e < data.start[row + 1]; ++e) {
        pen.globalAlpha = Math.sqrt(data.weight[e]);
        pen.fillRect(data.key[e] * cell, row * cell, size, size);
      }
    canvas.width = canvas.height = side;
  }
  const pen = canvas.getContext("2d"), cell = side / n;
  pen.clearRect(0, 0, side, side);
  pen.drawImage(picture, 0, 0);
  if (token === null) return;
  const thin = Math.max(1, window.devicePixelRatio || 1);
  pen.lineWidth = thin;
  pen.strokeStyle = colour("--to");
  pen.strokeRect(thin / 2, token * cell, side - thin, Math.max(cell, 2));
  pen.strokeStyle = colour("--by");
  pen.setLineDash([2 * thin, 2 * thin]);
  pen.strokeRect(token * cell, thin / 2, Math.max(cell, 2), side - thin);
  pen.setLineDash([]);
}

// --- the ranking and the map -----------------------------------------------------------------------------------

const listed = () => kind === null ? ranking : ranking.filter(r => r.kind === kind);

function showRanking() {
  const all = listed(), some = more ? all : all.slice(0, 10);
  find("ranking").replaceChildren(...some.map(r => {
    const button = element("button", {}, element("span", {textContent: `Layer ${r.layer + 1}, head ${r.head + 1}`}),
      element("span", {textContent: kinds[r.kind][1]}), element("span", {textContent: Math.round(100 * r.interest)}));
    button.dataset.head = `${r.layer},${r.head}`;
    button.setAttribute("aria-label", `Layer ${r.layer + 1}, head ${r.head + 1}: ${kinds[r.kind][1]}`);
    button.setAttribute("aria-current", data !== null && r.layer === data.layer && r.head === data.head);
    return element("li", {}, button);
  }));
  find("more").textContent = more ? "fewer" : `all ${all.length}`;
  find("more").hidden = all.length <= 10;
  for (const button of find("kinds").children)
    button.setAttribute("aria-pressed", button.dataset.kind === String(kind));
}

function makeKinds() {
  const count = k => ranking.filter(r => r.kind === k).length;
  const chip = (k, text) => {
    const button = element("button", {textContent: text});
    button.dataset.kind = k;
    return button;
  };
  const there = [...kinds.keys()].filter(k => count(k) > 0);
  find("kinds").append(chip(null, `All ${ranking.length}`), ...there.map(k => chip(k, `${kinds[k][1]} ${count(k)}`)));
  find("signs").textContent = there.filter(k => kinds[k][0]).map(k => `${kinds[k][0]} ${kinds[k][1].toLowerCase()}`).join(" · ") +
    " · the fuller the shade, the more it looks at";
}

function makeMap() {
  const map = find("map"), columns = Math.max(...about.heads.map(heads => heads.length));
  map.style.gridTemplateColumns = `22px repeat(${columns}, minmax(0, 1fr))`;
  about.heads.forEach((heads, layer) => {
    const number = element("span", {className: "number", textContent: layer + 1});
    number.style.gridColumnStart = 1;
    map.append(number);
    heads.forEach((_, head) => {
      const r = described(layer, head);
      const button = element("button", {title: `Layer ${layer + 1}, head ${head + 1}: ${kinds[r.kind][1]}`},
        element("span", {textContent: columns <= 16 ? kinds[r.kind][0] : ""}));
      button.setAttribute("aria-label", button.title);
      button.dataset.head = `${layer},${head}`;
      button.style.setProperty("--interest", r.interest.toFixed(2));
      button.classList.toggle("strong", r.interest > 0.5);
      map.append(button);
    });
  });
}

// --- what the reader does --------------------------------------------------------------------------------------

const clamp = (value, most) => Math.min(Math.max(value, 0), most);

function choose(token) {
  chosen = clamp(token, tokens.length - 1);
  pointed = null;
  spans[chosen].scrollIntoView({block: "nearest"});
  soon();
}
function goTo(layer, head) {
  layer = clamp(layer, layers - 1);
  showHead(layer, clamp(head, headsOf(layer) - 1));
}
function step(by) {
  const all = listed(), at = all.indexOf(described(data.layer, data.head));
  const r = all[at < 0 ? 0 : (at + by + all.length) % all.length];
  goTo(r.layer, r.head);
}
const headOf = event => event.target.closest("[data-head]")?.dataset.head.split(",").map(Number);
const tokenOf = event => {
  const found = event.target.closest("[data-token]");
  return found === null ? null : Number(found.dataset.token);
};

for (const id of ["text", "to", "by"])
  find(id).addEventListener("click", event => { const token = tokenOf(event); if (token !== null) choose(token); });
find("text").addEventListener("pointerover", event => {
  if (event.pointerType === "mouse") { pointed = tokenOf(event); soon(); }
});
find("text").addEventListener("pointerleave", () => { pointed = null; soon(); });
find("ranking").addEventListener("click", event => { const head = headOf(event); if (head) goTo(...head); });
find("map").addEventListener("click", event => { const head = headOf(event); if (head) goTo(...head); });
find("before").addEventListener("click", () => step(-1));
find("after").addEventListener("click", () => step(1));
find("more").addEventListener("click", () => { more = !more; showRanking(); });
find("kinds").addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button === null) return;
  kind = button.dataset.kind === "null" ? null : Number(button.dataset.kind);
  more = false;
  showRanking();
  if (!listed().includes(described(data.layer, data.head))) step(1);
  else goTo(data.layer, data.head);
});

const rowBelow = event => {
  const box = find("matrix").getBoundingClientRect();
  return clamp(Math.floor((event.clientY - box.top) / box.height * tokens.length), tokens.length - 1);
};
find("matrix").addEventListener("pointermove", event => {
  if (event.pointerType === "mouse") { pointed = rowBelow(event); soon(); }
});
find("matrix").addEventListener("pointerleave", () => { pointed = null; soon(); });
find("matrix").addEventListener("click", event => choose(rowBelow(event)));

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const inText = find("text").contains(document.activeElement), inMap = find("map").contains(document.activeElement);
  const moves = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};
  if (key === "n" || key === "p") {
    step(key === "n" ? 1 : -1);
  } else if (key in moves && (inText || inMap)) {
    const [layer, head] = moves[key];
    if (inText && layer === 0 && !event.shiftKey) choose(chosen + head);
    else goTo(data.layer + layer, data.head + head);
    if (inMap) find("map").querySelector("[aria-pressed=true]").focus();
  } else if (inText && (key === "Home" || key === "End")) {
    choose(key === "Home" ? 0 : tokens.length - 1);
  } else {
    return;
  }
  event.preventDefault();
});
window.addEventListener("resize", () => { drawMatrix(); soon(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { drawMatrix(); soon(); });

// Where a link points to, else the first head of the ranking, and of its first tokens the one that looks hardest.
function begin() {
  find("title").textContent = about.title;
  document.title = `${about.title} · attention`;
  find("facts").textContent = [about.model, `${layers} ${layers === 1 ? "layer" : "layers"} of ${headsOf(0)} heads`,
    `${tokens.length} tokens`].filter(Boolean).join(" · ");
  makeKinds();
  makeMap();
  showRanking();
  const [layer, head, token] = location.hash.slice(1).split(".").map(Number);
  if (token >= 1 && token <= tokens.length && described(layer - 1, head - 1)) {
    chosen = token - 1;
    goTo(layer - 1, head - 1);
  } else {
    goTo(ranking[0].layer, ranking[0].head);
    let hardest = -1;
    for (let row = 1; row < Math.min(tokens.length, 60); ++row)
      for (let e = data.start[row]; e < data.start[row + 1]; ++e) {
        const key = data.key[e];
        if (key === 0 || key === row || special.has(key) || data.weight[e] <= hardest) continue;
        hardest = data.weight[e];
        chosen = row;
      }
  }
  find("text").focus({preventScroll: true});
}
if (layers > 0) begin();

// For those who want the numbers: attentionPage.row(0, 3, 7) is [[token, weight], ...] and what is left out.
window.attentionPage = {
  row: (layer, head, token) => { const d = decode(layer, head); return {to: attendsTo(d, token), others: d.others[token]}; },
  state: () => ({layer: data.layer, head: data.head, chosen, pointed}),
};
)js";

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
