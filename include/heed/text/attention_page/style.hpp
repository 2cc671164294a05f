// SPDX-License-Identifier: MIT
// The style sheet of an attention page: light and dark, wide and narrow, and readable without
// colour.
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline constexpr std::string_view page_style = R"css(
:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --ink: #1f2328; --soft: #656d76; --line: #dcd9d1; --wash: #f1efe9;
  --to: #1f5fbf; --by: #a8480c;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ink: #e6e4de; --soft: #9a9fa6; --line: #34383d; --wash: #202327;
    --to: #78a9ff; --by: #ff9a5c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; -webkit-tap-highlight-color: transparent; }
body {
  margin: 0 auto; padding: 28px 32px 40px; max-width: 1280px;
  background: var(--paper); color: var(--ink);
  font: 15px/1.5 var(--sans); font-variant-numeric: tabular-nums;
}
h1, h2, h3, p, ol, figure { margin: 0; padding: 0; font-size: inherit; font-weight: inherit; }
ol { list-style: none; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
:focus-visible { outline: 2px solid var(--to); outline-offset: 2px; border-radius: 3px; }

header { margin-bottom: 24px; }
h1 {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; max-width: 46em;
  font-size: 24px; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em; overflow-wrap: anywhere;
}
#facts, figcaption, footer, .soft { color: var(--soft); font-size: 13px; }
h3 { font-size: 13px; font-weight: 600; margin-bottom: 8px; }

main { display: grid; grid-template-columns: minmax(0, 1fr) 296px; gap: 20px 40px; align-items: start; }

#bar {
  position: sticky; top: 0; z-index: 2; grid-column: 1 / -1;
  display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 14px; align-items: center;
  padding: 10px 0; background: var(--paper);
  border-top: 1px solid var(--line); border-bottom: 1px solid var(--line);
}
#bar button {
  width: 40px; height: 40px; border: 1px solid var(--line); border-radius: 50%;
  font-size: 20px; line-height: 1;
}
#bar button:hover { background: var(--wash); }
h2 { font-weight: 600; }
h2 small { font-size: 13px; font-weight: 400; color: var(--soft); margin-left: 8px; }
#what { min-height: 1.5em; }

#text {
  max-height: 56vh; overflow-y: auto; overscroll-behavior: contain;
  padding: 8px 4px; margin: 0 -4px; font-size: 17px; line-height: 44px; overflow-wrap: anywhere;
}
#text:focus-visible { outline: 1px solid var(--line); outline-offset: 0; }
.token { position: relative; cursor: pointer; border-radius: 2px; }
.token b { font-weight: inherit; border-radius: 2px; }
.token.special b { color: var(--soft); font-size: 13px; }
.token:hover b { background: var(--line); }
.token.chosen b { background: var(--ink); color: var(--paper); box-shadow: 0 0 0 2px var(--ink); }
.token::before, .token::after {
  position: absolute; left: 0; right: 0; display: flex; justify-content: center;
  font-size: 10px; line-height: 11px; white-space: nowrap;
}
.token[data-by]::before {
  content: attr(data-by); bottom: calc(100% - 1px); color: var(--by);
  border-bottom: calc(1px + var(--by-weight) * 7px) dotted var(--by);
}
.token[data-to]::after {
  content: attr(data-to); top: calc(100% - 1px); color: var(--to);
  border-top: calc(1px + var(--to-weight) * 7px) solid var(--to);
}

#lists { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 40px; margin-top: 20px; }
#lists h3 i { display: inline-block; width: 22px; margin-right: 8px; vertical-align: middle; }
#lists .to i { border-top: 5px solid var(--to); }
#lists .by i { border-top: 5px dotted var(--by); }
#lists li { display: grid; grid-template-columns: 4.2em 72px minmax(0, 1fr); gap: 10px; align-items: center; min-height: 26px; }
#lists li span:first-child { text-align: right; }
#lists li i { display: block; }
#lists li.others { color: var(--soft); }
#lists li.words { display: block; }
#lists li button { text-align: left; white-space: pre; overflow: hidden; text-overflow: ellipsis; }
#lists li button:hover { text-decoration: underline; }
.to li i { border-top: 5px solid var(--to); }
.by li i { border-top: 5px dotted var(--by); }

figure { margin-top: 28px; }
canvas { display: block; width: 100%; max-width: 560px; cursor: crosshair; border: 1px solid var(--line); touch-action: pan-y; }
figcaption { margin-top: 8px; min-height: 3em; }

#kinds { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 12px; }
#kinds button { border: 1px solid var(--line); border-radius: 14px; padding: 2px 10px; font-size: 13px; min-height: 28px; }
#kinds button[aria-pressed="true"] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
#ranking button {
  display: grid; grid-template-columns: 8.8em minmax(0, 1fr) 1.8em; gap: 6px; width: 100%; font-size: 14px;
  text-align: left; padding: 5px 6px; border-radius: 4px; align-items: baseline;
}
#ranking button:hover { background: var(--wash); }
#ranking button[aria-current="true"] { background: var(--wash); box-shadow: inset 3px 0 var(--ink); }
#ranking span:last-child { text-align: right; color: var(--soft); }
#more { margin: 6px 6px 0; color: var(--soft); text-decoration: underline; font-size: 13px; min-height: 28px; }

#map { display: grid; gap: 2px; margin: 0 0 8px; }
#map button {
  position: relative; aspect-ratio: 1.6; min-width: 0; border-radius: 2px; overflow: hidden;
  font-size: 10px; line-height: 1; color: var(--ink); background: var(--wash);
}
#map button.strong { color: var(--paper); }
#map button::before { content: ""; position: absolute; inset: 0; background: var(--ink); opacity: var(--interest); }
#map button span { position: relative; }
#map button[aria-pressed="true"] { outline: 2px solid var(--to); outline-offset: 1px; z-index: 1; }
#map .number { font-size: 10px; color: var(--soft); align-self: center; text-align: right; padding-right: 5px; }
aside section + section { margin-top: 28px; }

footer { margin-top: 36px; padding-top: 14px; border-top: 1px solid var(--line); max-width: 76ch; }
footer p + p { margin-top: 6px; }
kbd { font: inherit; border: 1px solid var(--line); border-radius: 3px; padding: 0 5px; color: var(--ink); }

@media (prefers-reduced-motion: no-preference) {
  .token::before, .token::after { transition: border-width 90ms; }
}
@media (max-width: 860px) {
  body { padding: 18px 16px 32px; }
  h1 { font-size: 20px; }
  header { margin-bottom: 14px; }
  main { grid-template-columns: minmax(0, 1fr); gap: 16px; }
  #lists { grid-template-columns: minmax(0, 1fr); gap: 20px; }
  #lists li, #ranking button { min-height: 36px; }
  #bar { gap: 10px; }
  #text { max-height: 44vh; }
}
)css";

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
