// SPDX-License-Identifier: MIT
// The style sheet, the HTML and the script of the page of a drawing.
#pragma once

#include <string_view>

namespace page_parts {

inline constexpr std::string_view style = R"css(
:root { color-scheme: light dark; --paper: #fcfbf8; --ink: #1f2328; --soft: #656d76; --line: #dcd9d1; --weight: #1f5fbf; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15171a; --ink: #e6e4de; --soft: #9a9fa6; --line: #34383d; --weight: #78a9ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 20px 40px; max-width: 900px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; }
p { margin: 0 0 12px; }
.soft { color: var(--soft); font-size: 14px; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
:focus-visible { outline: 3px solid var(--weight); outline-offset: 1px; z-index: 1; }
#words { display: flex; flex-wrap: wrap; gap: 8px; margin: 16px 0; min-height: 96px; }
#words button { display: grid; grid-template-rows: 40px auto auto; justify-items: center; min-width: 44px;
  padding: 4px 6px; border: 1px solid var(--line); border-radius: 6px; }
#words i { align-self: end; width: 24px; height: calc(var(--share) * 40px); background: var(--weight); }
#words small { color: var(--soft); }
#words button[aria-pressed="true"], #picture button[aria-pressed="true"] { outline: 3px solid var(--ink); z-index: 2; }
#picture { display: grid; grid-template-columns: repeat(12, 1fr); width: min(100%, 480px); aspect-ratio: 1;
  border: 1px solid var(--line); }
#picture button { position: relative; display: grid; grid-template-columns: 1fr 1fr; min-width: 0; }
#picture button::after { content: ""; position: absolute; inset: 0;
  background: rgb(0 0 0 / calc(var(--share, 0) * 0.85)); box-shadow: inset 0 0 0 1px rgb(0 0 0 / 0.06); }
#layers { display: flex; flex-wrap: wrap; gap: 6px; margin: 16px 0; }
#layers button { border: 1px solid var(--line); border-radius: 14px; padding: 4px 12px; font-size: 14px; min-height: 34px; }
#layers button[aria-pressed="true"] { background: var(--ink); color: var(--paper); }
#said { min-height: 4.5em; }
)css";

inline constexpr std::string_view body = R"html(
<h1 id="title"></h1>
<p class="soft">Point at a patch, tap it, or go to it with the arrow keys: the bars show how much each word weighed when it was
drawn, and the picture darkens where it looked at earlier patches; the largest is drawn in full. Choose a word to see which patches looked at it.</p>
<noscript><p>This page needs JavaScript to show the weights that it holds.</p></noscript>
<div id="layers" role="group" aria-label="Layers"></div>
<div id="words" role="group" aria-label="Words of the caption"></div>
<div id="picture" role="group" aria-label="Patches of the picture, 12 rows of 12"></div>
<p id="said" aria-live="polite"></p>
<p class="soft">A weight is a probability of attention, the mean of the heads of a layer, or of all layers. The patches of row and
column 1 are at the top left. Words that say nothing fill the caption up; heads that look for nothing rest there.</p>
)html";

inline constexpr std::string_view script = R"js(
"use strict";
const about = JSON.parse(document.getElementById("about").textContent);
const {words, patches, colours, layers, names} = about;
const side = 12, caption = words.length;
const bytes = layers.map(text => Uint8Array.from(atob(text), c => c.charCodeAt(0)));
// Row p holds the weights of patch p: those of the words, then those of the patches before p.
const begin = p => p * caption + p * (p - 1) / 2;
let layer = -1, chosen = {patch: 0};

const weight = (p, key) => {
  const at = begin(p) + key;
  const sum = layer < 0 ? bytes.reduce((s, b) => s + b[at], 0) / bytes.length : bytes[layer][at];
  return sum / 255;
};
const percent = w => `${Math.round(100 * w)}\u00a0%`;
const word = i => words[i] === "" ? "(nothing)" : words[i];
const place = p => `row ${Math.floor(p / side) + 1}, column ${p % side + 1}`;

function make(tag, properties, parent) {
  return parent.appendChild(Object.assign(document.createElement(tag), properties));
}

document.getElementById("title").textContent = about.title;
const picture = document.getElementById("picture"), row = document.getElementById("words");
const said = document.getElementById("said");
const cells = patches.map((four, p) => {
  const b = make("button", {tabIndex: p === 0 ? 0 : -1}, picture);
  for (const ink of four) make("span", {style: `background:${colours[ink]}`}, b);
  b.setAttribute("aria-label", `Patch in ${place(p)}`);
  b.onmouseenter = b.onfocus = b.onclick = () => choose({patch: p});
  return b;
});
const labels = words.map((text, i) => {
  const b = make("button", {}, row);
  const bar = make("i", {}, b);
  make("span", {textContent: word(i)}, b);
  const number = make("small", {}, b);
  b.onclick = () => choose({word: i});
  return {b, bar, number};
});
const choices = [-1, ...layers.keys()].map(i => {
  const b = make("button", {textContent: i < 0 ? "All layers" : `Layer ${i + 1}: ${names[i]}`}, document.getElementById("layers"));
  b.onclick = () => { layer = i; show(); };
  return b;
});

function choose(what) { chosen = what; show(); }

function show() {
  choices.forEach((b, i) => b.setAttribute("aria-pressed", i - 1 === layer));
  const p = chosen.patch;
  const to = p === undefined ? cells.map((_, q) => weight(q, chosen.word)) : cells.map((_, q) => q < p ? weight(p, caption + q) : 0);
  const most = Math.max(...to, 1e-3);
  cells.forEach((b, q) => {
    b.style.setProperty("--share", to[q] / most);
    b.setAttribute("aria-pressed", q === p);
    if (p !== undefined) b.tabIndex = q === p ? 0 : -1;
  });
  const mean = to.reduce((s, w) => s + w, 0) / to.length;
  const shares = words.map((_, i) => p !== undefined ? weight(p, i) : i === chosen.word ? mean : 0);
  labels.forEach(({b, bar, number}, i) => {
    bar.style.setProperty("--share", shares[i] / Math.max(...shares, 1e-3));
    number.textContent = p === undefined && i !== chosen.word ? "" : percent(shares[i]);
    b.setAttribute("aria-pressed", i === chosen.word);
  });
  if (p === undefined) {
    const best = to.indexOf(Math.max(...to));
    said.textContent = `“${word(chosen.word)}” has ${percent(mean)} of the weight of all patches; ` +
      `it weighs most, ${percent(to[best])}, for the patch in ${place(best)}.`;
    return;
  }
  const first = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, 3);
  said.textContent = `The patch in ${place(p)} took ${percent(shares.reduce((s, w) => s + w, 0))} from the words, most from ` +
    first.map(i => `“${word(i)}” (${percent(shares[i])})`).join(", ") + `, and the rest from patches before it.`;
}

picture.onkeydown = event => {
  const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side}[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const next = cells.indexOf(document.activeElement) + step;
  if (next >= 0 && next < cells.length) cells[next].focus();
};
show();
)js";

}  // namespace page_parts
