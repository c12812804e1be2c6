"""Text that is hard to read, as a browser draws it: too little contrast with what lies behind it, or too small."""

from __future__ import annotations

FAINT = """() => {
  const light = c => {const f = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]);};
  const colour = text => {
    const m = text.match(/[\\d.]+/g).map(Number), scale = text.startsWith("color(srgb") ? 255 : 1;
    return [...m.slice(0, 3).map(part => part * scale), m.length < 4 ? 1 : m[3]];
  };
  const over = (top, base) => [0, 1, 2].map(i => top[i] * top[3] + base[i] * (1 - top[3]));
  const behind = element => {
    const found = [];
    for (let e = element; e; e = e.parentElement) found.push(colour(getComputedStyle(e).backgroundColor));
    return found.reverse().reduce((base, top) => over(top, base), [255, 255, 255]);
  };
  const faint = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    const drawn = element instanceof SVGElement;
    if (!text || !(drawn ? element.getClientRects().length : element.offsetParent)) continue;
    if (element.closest("style, title, [aria-hidden=true]:not(svg *), [disabled], [data-testid=stIconMaterial]")) continue;
    const style = getComputedStyle(element), ink = colour(drawn ? style.fill : style.color), base = behind(element);
    for (let e = element; e; e = e.parentElement) ink[3] *= Number(getComputedStyle(e).opacity);
    if (ink[3] === 0) continue;  // a label that a chart hides because it would lie over another
    const [a, b] = [light(over(ink, base)), light(base)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
    if (ratio < 4.5 || parseFloat(style.fontSize) < 11.99)
      faint.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}, ${style.fontSize}`);
  }
  return faint;
}"""
"""A function of JavaScript: what can be seen with a contrast below 4.5 (WCAG 2.2, AA) or in less than 12 pixels."""
