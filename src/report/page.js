// page.js - shows what is under the pointer: the nearest point of a figure, or the bar or cell it is on.
"use strict";
(() => {
  const tip = document.getElementById("tip");
  const REACH = 26; // pixels of the figure
  const known = new WeakMap();
  let ring = null;

  // The names of figures stay in aria-label; as titles they would cover the values.
  for (const title of document.querySelectorAll("svg.rb-fig > title")) title.remove();

  // Points with their words: "x,y x,y" or "Mx yh0Mx yh0".
  function pointsOf(svg) {
    if (known.has(svg)) return known.get(svg);
    const points = [];
    for (const mark of svg.querySelectorAll("[data-l]:not(rect)")) {
      const where = mark.getAttribute("data-p") || mark.getAttribute("points") || mark.getAttribute("d").replaceAll("h0", " ");
      const numbers = (where.match(/-?[\d.]+/g) || []).map(Number);
      mark.getAttribute("data-l").split("|").forEach((text, i) => points.push({x: numbers[2 * i], y: numbers[2 * i + 1], text}));
    }
    known.set(svg, points);
    return points;
  }

  function nearest(svg, event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    let best = null, least = REACH;
    for (const p of pointsOf(svg)) {
      const far = Math.hypot(p.x - at.x, p.y - at.y);
      if (far < least) [best, least] = [p, far];
    }
    return best;
  }

  function hide() {
    tip.hidden = true;
    if (ring) ring.remove();
    ring = null;
  }

  function show(text, x, y) {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.min(Math.max(4, x + 14), innerWidth - box.width - 4);
    const top = y - box.height - 12 < 4 ? y + 18 : y - box.height - 12;
    tip.style.transform = `translate(${left}px, ${top}px)`;
  }

  function encircle(svg, p) {
    ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    ring.setAttribute("class", "rb-at");
    ring.setAttribute("cx", p.x);
    ring.setAttribute("cy", p.y);
    ring.setAttribute("r", 5.5);
    svg.append(ring);
  }

  function look(event) {
    hide();
    const mark = event.target.closest("rect[data-l]");
    if (mark) return show(mark.getAttribute("data-l"), event.clientX, event.clientY);
    const svg = event.target.closest("svg.rb-fig");
    const p = svg && nearest(svg, event);
    if (!p) return;
    encircle(svg, p);
    show(p.text, event.clientX, event.clientY);
  }

  document.addEventListener("pointermove", look);
  document.addEventListener("pointerdown", look);
  document.addEventListener("scroll", hide, {passive: true});
})();
