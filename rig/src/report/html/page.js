"use strict";
// Filters, theme, and zoom. Without this script the page still reads: everything is drawn.

const root = document.documentElement;
document.querySelector("#theme").addEventListener("click", () => {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

const filters = [...document.querySelectorAll("button[data-word]")];
for (const filter of filters) {
  filter.addEventListener("click", () => {
    for (const other of filters) other.setAttribute("aria-pressed", other === filter);
    for (const run of document.querySelectorAll("details.run")) {
      const shown = !filter.dataset.word || run.dataset.word === filter.dataset.word;
      run.classList.toggle("hidden", !shown);
    }
  });
}

// A round step of the time axis, in ms, so that ticks are at least `least` ms apart.
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= least);
}

function time(ms, step) {
  const decimals = step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : step >= 1 ? 3 : 6;
  return (ms / 1000).toFixed(decimals) + " s";
}

class Wave {
  constructor(figure) {
    this.area = figure.querySelector(".plotarea");
    this.svg = figure.querySelector(".wave");
    this.read = figure.querySelector(".read");
    this.scale = figure.querySelector(".scale.at");
    this.marks = figure.querySelector(".scale.numbers");
    this.steps = JSON.parse(figure.dataset.steps);
    this.end = Number(figure.dataset.end);
    this.height = this.svg.viewBox.baseVal.height;
    this.tools(figure);
    this.pointer();
    this.show(0, this.end);
    new ResizeObserver(() => this.show(this.from, this.to)).observe(this.area);
  }

  show(from, to) {
    const span = Math.min(Math.max(to - from, 0.1), this.end);
    this.from = Math.min(Math.max(from, 0), this.end - span);
    this.to = this.from + span;
    this.svg.setAttribute("viewBox", `${this.from} 0 ${span} ${this.height}`);
    const width = this.area.clientWidth;
    if (!width) return;
    const place = (ms) => ((ms - this.from) / span) * width;
    const step = roundStep((span * 90) / width);
    const ticks = [];
    for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) {
      if (place(at) > 24 && place(at) < width - 24) ticks.push(this.mark(place(at), time(at, step)));
    }
    this.scale.replaceChildren(...ticks);
    const numbers = [];
    let last = -Infinity;
    for (const [number, start, stop, text] of this.steps) {
      const left = Math.max(start, this.from), right = Math.min(stop, this.to);
      if (right < left || stop < this.from) continue;
      const middle = place((left + right) / 2);
      if (middle - last < 18 || middle < 8 || middle > width - 8) continue;
      last = middle;
      const mark = this.mark(middle, number);
      mark.title = `${number}  ${text}`;
      numbers.push(mark);
    }
    this.marks.replaceChildren(...numbers);
  }

  mark(left, text) {
    const mark = document.createElement("span");
    mark.style.left = left + "px";
    mark.textContent = text;
    return mark;
  }

  zoom(factor, at = (this.from + this.to) / 2) {
    this.show(at - (at - this.from) * factor, at + (this.to - at) * factor);
  }

  step(number) {
    const [, start, stop] = this.steps[number - 1];
    const room = Math.max((stop - start) * 0.05, 50);
    this.show(start - room, stop + room);
  }

  tools(figure) {
    const act = { in: () => this.zoom(0.5), out: () => this.zoom(2), all: () => this.show(0, this.end) };
    for (const button of figure.querySelectorAll("button[data-zoom]")) {
      button.addEventListener("click", act[button.dataset.zoom]);
    }
    this.area.addEventListener("keydown", (event) => {
      const span = this.to - this.from;
      const keys = {
        "+": act.in, "=": act.in, "-": act.out, "0": act.all,
        ArrowLeft: () => this.show(this.from - span / 4, this.to - span / 4),
        ArrowRight: () => this.show(this.from + span / 4, this.to + span / 4),
      };
      if (!keys[event.key]) return;
      keys[event.key]();
      event.preventDefault();
    });
  }

  pointer() {
    const area = this.area;
    const line = area.appendChild(Object.assign(document.createElement("div"), { className: "cursor hidden" }));
    const box = area.appendChild(Object.assign(document.createElement("div"), { className: "select hidden" }));
    const inside = (event) => {
      const rect = area.getBoundingClientRect();
      return Math.min(Math.max(event.clientX - rect.left, 0), rect.width);
    };
    const at = (pixel) => this.from + (pixel / area.clientWidth) * (this.to - this.from);
    let start = null;
    area.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      start = inside(event);
      area.setPointerCapture(event.pointerId);
    });
    area.addEventListener("pointermove", (event) => {
      const pixel = inside(event);
      line.classList.remove("hidden");
      line.style.left = pixel + "px";
      const ms = at(pixel);
      const step = this.steps.findLast(([, from]) => from <= ms);
      let text = time(ms, (this.to - this.from) / 1000);
      if (step) text += `, step ${step[0]} +${time(ms - step[1], (this.to - this.from) / 1000)}`;
      if (start !== null) {
        box.classList.toggle("hidden", Math.abs(pixel - start) < 4);
        box.style.left = Math.min(start, pixel) + "px";
        box.style.width = Math.abs(pixel - start) + "px";
        text += `, Δ ${time(Math.abs(at(pixel) - at(start)), (this.to - this.from) / 1000)}`;
      }
      this.read.textContent = text;
    });
    const done = (event) => {
      if (start === null) return;
      const pixel = inside(event);
      if (event.type === "pointerup" && Math.abs(pixel - start) >= 4) {
        this.show(at(Math.min(start, pixel)), at(Math.max(start, pixel)));
      }
      start = null;
      box.classList.add("hidden");
    };
    area.addEventListener("pointerup", done);
    area.addEventListener("pointercancel", done);
    area.addEventListener("pointerleave", () => {
      line.classList.add("hidden");
      this.read.textContent = this.read.dataset.idle;
    });
    area.addEventListener("dblclick", () => this.show(0, this.end));
    area.addEventListener("wheel", (event) => {
      const span = this.to - this.from;
      if (event.ctrlKey) {
        this.zoom(1.002 ** event.deltaY, at(inside(event)));
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const by = ((event.deltaX || event.deltaY) / area.clientWidth) * span;
        this.show(this.from + by, this.to + by);
      } else {
        return;
      }
      event.preventDefault();
    }, { passive: false });
  }
}

for (const run of document.querySelectorAll("details.run")) {
  const figure = run.querySelector(".figure");
  if (!figure) continue;
  let wave;
  const make = () => { if (run.open) wave ??= new Wave(figure); };
  run.addEventListener("toggle", make);
  make();
  for (const button of run.querySelectorAll("button[data-step]")) {
    button.addEventListener("click", () => wave?.step(Number(button.dataset.step)));
  }
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "copied";
  });
}
