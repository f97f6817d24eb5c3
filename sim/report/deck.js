"use strict";
// Touch, wheel and scroll bar move from slide to slide by themselves; this adds keys and buttons.
const slides = Array.from(document.querySelectorAll("section"));
const buttons = Array.from(document.querySelectorAll("nav button"));
const LEAST = 0.6;
let current = 0;
function show(number) {
  current = Math.max(0, Math.min(slides.length - 1, number));
  slides[current].scrollIntoView();
}
// Whoever is nearest to the corner of the window is the present slide.
function look() {
  const far = slides.map(slide => slide.getBoundingClientRect()).map(r => Math.hypot(r.left, r.top));
  current = far.indexOf(Math.min(...far));
  buttons[0].disabled = current === 0;
  buttons[1].disabled = current === slides.length - 1;
}
// What is too long for a slide is written smaller, as far as it stays legible; then it scrolls.
function fit() {
  for (const slide of slides) {
    let size = 1;
    slide.style.setProperty("--fit", size);
    while (size > LEAST && tooLong(slide)) slide.style.setProperty("--fit", size -= 0.05);
  }
}
function tooLong(slide) {
  const wide = Array.from(slide.querySelectorAll(".wide, pre"))
    .filter(box => !box.closest("details:not([open])"));
  return getComputedStyle(slide).display === "flex" &&
    (slide.scrollHeight > slide.clientHeight + 1 || wide.some(w => w.scrollWidth > w.clientWidth + 1));
}
const STEPS = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };
addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && event.target.closest("button, summary")) return;
  const box = event.target.closest(".wide, pre");
  if (event.key.startsWith("Arrow") && box && box.scrollWidth > box.clientWidth) return;
  const step = event.key === " " && event.shiftKey ? -1 : STEPS[event.key];
  if (step) show(current + step);
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(slides.length - 1);
  else return;
  event.preventDefault();
});
for (const button of buttons)
  button.addEventListener("click", () => show(current + Number(button.dataset.step)));
document.addEventListener("scroll", look, { capture: true, passive: true });
addEventListener("resize", () => { fit(); slides[current].scrollIntoView({ behavior: "instant" }); });
fit();
look();
