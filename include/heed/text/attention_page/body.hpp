// SPDX-License-Identifier: MIT
// The HTML of an attention page before its script fills it.
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline constexpr std::string_view page_body = R"html(
<header>
  <h1 id="title"></h1>
  <p id="facts"></p>
  <noscript><p>This page needs JavaScript to show the weights that it holds.</p></noscript>
</header>
<main>
  <div id="bar">
    <button id="before" aria-label="The head before in the ranking">&#8249;</button>
    <div aria-live="polite">
      <h2 id="which"></h2>
      <p id="what"></p>
    </div>
    <button id="after" aria-label="The next head in the ranking">&#8250;</button>
  </div>
  <div>
    <div id="text" tabindex="0" role="listbox" aria-label="The tokens" dir="auto"></div>
    <div id="lists">
      <section class="to"><h3><i></i><span id="to-title"></span></h3><ol id="to"></ol></section>
      <section class="by"><h3><i></i><span id="by-title"></span></h3><ol id="by"></ol></section>
    </div>
    <figure>
      <h3>The whole head: each row is a token, and its columns are what the token attends to</h3>
      <canvas id="matrix" role="img" aria-label="The weights of this head, a row a token"></canvas>
      <figcaption id="pair" aria-live="polite"></figcaption>
    </figure>
  </div>
  <aside>
    <section>
      <h3>Heads that look at something</h3>
      <div id="kinds"></div>
      <ol id="ranking"></ol>
      <button id="more"></button>
    </section>
    <section>
      <h3>All heads: a row a layer</h3>
      <div id="map" role="group" aria-label="All heads: a row a layer"></div>
      <p class="soft" id="signs"></p>
    </section>
  </aside>
</main>
<footer>
  <p>In the text: <kbd>&larr;</kbd> <kbd>&rarr;</kbd> another token, <kbd>&uarr;</kbd> <kbd>&darr;</kbd> another layer,
    <kbd>Shift</kbd> <kbd>&larr;</kbd> <kbd>&rarr;</kbd> another head. Anywhere: <kbd>N</kbd> <kbd>P</kbd> next and
    previous head of the ranking. Under a token: how much of the chosen token&rsquo;s weight goes to it. Above it: how much of
    its own weight goes to the chosen token.</p>
  <p>The number of a head, 0 to 100, says how much it looks at: the weight that a token gives to tokens other than itself
    and the first, times how few they are (1 &minus; entropy / its largest value), root of the mean square over all
    tokens. The best head of each kind comes first. Weights are kept in 8 bits, the largest ones of each row; what is left out is summed up as &ldquo;others&rdquo;.</p>
</footer>
)html";

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
