const measure = (document, innerWidth, getComputedStyle) => {
const value = (text) => text.match(/[\d.]+/g).slice(0, 3).map((part) => {
  const share = part / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}).reduce((sum, share, index) => sum + share * [0.2126, 0.7152, 0.0722][index], 0);
const ground = (item) => {
  const color = getComputedStyle(item).backgroundColor;
  return color === 'rgba(0, 0, 0, 0)' && item.parentElement ? ground(item.parentElement) : color;
};
document.querySelectorAll('details').forEach((item) => { item.open = true; });
const faint = [];
for (const item of document.querySelectorAll('body *')) {
  const own = [...item.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || ['SCRIPT', 'text'].includes(item.tagName) || item.classList.contains('skip')) continue;
  const [one, two] = [value(getComputedStyle(item).color), value(ground(item))].sort((a, b) => b - a);
  if ((one + 0.05) / (two + 0.05) < 4.5) faint.push([item.tagName, item.className]);
}
const unnamed = [...document.querySelectorAll('input, button, svg, section')].filter((item) =>
  !item.textContent.trim() && !item.labels?.length && !item.getAttribute('aria-label')).length;
const small = [...document.querySelectorAll('svg text')].filter((item) =>
  item.getBoundingClientRect().height < 12).length;
return {
  width: innerWidth, over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  faint, unnamed, small,
  search: !document.getElementById('finder').hidden,
  clauses: document.querySelectorAll('[data-kind=clause] summary code').length,
  dark: value(getComputedStyle(document.body).backgroundColor) < 0.1,
};
};
window.onload = () => {
  document.body.dataset.layout = JSON.stringify([...document.querySelectorAll('iframe')].map((frame) => {
    const inside = frame.contentWindow;
    return measure(inside.document, inside.innerWidth, inside.getComputedStyle.bind(inside));
  }));
};
