// The story beside the standalone map. Runs alone in a mailed file: no module, no request; what people wrote
// is only ever set as text.
/* global L */
"use strict";

// folium calls this once the map and the heat pictures exist; heats[i] belongs to data.layers[i], or is null.
// eslint-disable-next-line no-unused-vars
function tellTheMap(map, heats, data) {
  const { words, tones, layers } = data;
  const tag = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  drawGround();
  // One canvas for all: of two, the upper would catch every click.
  const pinRenderer = L.canvas({ pane: "pins", padding: 0.3, tolerance: 4 });
  const pins = layers.map(pinLayer);
  const story = document.getElementById("story");
  const legend = tag("div", { "aria-live": "polite" });
  story.append(
    tag("h1", {}, words.title),
    tag("p", {}, words.summary),
    heatChoices(),
    legend,
    pinChoices(),
    tag("h2", {}, words.method_heading),
    ...words.method.map((paragraph) => tag("p", { class: "soft" }, paragraph)),
    tag("p", { class: "soft" }, words.made),
  );
  L.control.zoom({ position: "bottomright", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  map.on("popupopen", ({ popup }) => {
    const close = popup.getElement().querySelector(".leaflet-popup-close-button");
    if (close) close.setAttribute("aria-label", words.close);
  });
  // The size is known only when the grid has laid the page out.
  requestAnimationFrame(() => {
    map.invalidateSize({ animate: false });
    map.fitBounds(L.geoJSON(data.boundary).getBounds(), { animate: false, padding: [12, 12] });
    map.getContainer().dataset.ready = "true";
  });

  function showHeat(chosen) {
    heats.forEach((heat, i) => {
      if (!heat) return;
      if (i === chosen) heat.addTo(map);
      else heat.remove();
    });
    legend.replaceChildren();
    if (chosen < 0) return;
    const classes = layers[chosen].legend;
    if (!classes.length) {
      legend.append(tag("p", { class: "soft" }, words.nothing));
      return;
    }
    const scale = classes.map(([colour, range]) => {
      const ink = tag("b");
      ink.style.background = colour;
      return tag("li", {}, tag("i", {}, ink), range);
    });
    legend.append(tag("ol", { class: "scale" }, ...scale), tag("p", { class: "soft" }, words.unit));
  }

  function heatChoices() {
    const rows = layers.map((layer, i) => choice("radio", i === 0, layer, () => showHeat(i), layer.count));
    rows.push(choice("radio", layers.length === 0, { label: words.heat_off }, () => showHeat(-1)));
    queueMicrotask(() => showHeat(layers.length ? 0 : -1));
    return tag("fieldset", {}, tag("legend", {}, words.heat_heading), ...rows);
  }

  function pinChoices() {
    // Thousands of pins hide what they show: they come when asked for.
    const few = layers.reduce((sum, layer) => sum + layer.pins.length, 0) <= 400;
    const rows = layers.map((layer, i) =>
      choice("checkbox", few, layer, (on) => (on ? pins[i].addTo(map) : pins[i].remove())),
    );
    if (few) pins.forEach((group) => group.addTo(map));
    const hint = tag("p", { class: "soft" }, words.comment_hint);
    return tag("fieldset", {}, tag("legend", {}, words.pins_heading), ...rows, hint);
  }

  function choice(type, checked, layer, change, count) {
    const input = tag("input", { type, name: type });
    input.checked = checked;
    input.addEventListener("change", () => change(input.checked));
    const label = tag("span", { class: "words" }, layer.label);
    if (count) label.append(tag("span", { class: "soft" }, count));
    return tag("label", { class: "choice" }, input, icon(layer), label);
  }

  function icon(layer) {
    const namespace = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(namespace, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    if (layer.path) {
      const path = document.createElementNS(namespace, "path");
      path.setAttribute("d", layer.path);
      path.setAttribute("fill", layer.fill);
      svg.append(path);
    }
    return svg;
  }

  // Pins are drawn by shape on one canvas; only those with a comment can be clicked.
  function pinLayer(layer) {
    const quiet = { renderer: pinRenderer, pane: "pins", shape: layer.outline, fillColor: layer.fill, fillOpacity: 0.78, color: "#ffffff", weight: 0.75 };
    const spoken = { ...quiet, fillOpacity: 1, color: layer.ink, weight: 1.25, spoken: true };
    return L.layerGroup(
      layer.pins.map((place, i) => {
        const text = layer.comments[i];
        if (text === undefined) return new ShapedPin(place, { ...quiet, interactive: false });
        return new ShapedPin(place, spoken).bindPopup(() => {
          const heading = tag("small", {}, layer.label);
          heading.style.color = layer.ink;
          return tag("div", {}, heading, text);
        });
      }),
    );
  }

  function drawGround() {
    for (const [name, level] of [["ground", 150], ["veil", 420], ["names", 640], ["pins", 450]]) {
      map.createPane(name).style.zIndex = level;
      if (name !== "pins") map.getPane(name).style.pointerEvents = "none";
    }
    const renderer = L.canvas({ pane: "ground", padding: 0.3 });
    const features = (data.basemap && data.basemap.features) || [];
    for (const [kind, style] of groundStyles(tones)) {
      const members = features.filter((feature) => feature.properties.kind === kind);
      L.geoJSON(members, { renderer, interactive: false, style: (feature) => style(feature.properties) }).addTo(map);
    }
    drawNames(features);
    const world = [[-85, -180], [-85, 180], [85, 180], [85, -180]];
    const parts = data.boundary.type === "Polygon" ? [data.boundary.coordinates] : data.boundary.coordinates;
    const holes = parts.map((rings) => rings[0].map(([lon, lat]) => [lat, lon]));
    const above = { pane: "veil", renderer: L.svg({ pane: "veil" }), interactive: false };
    L.polygon([world, ...holes], { ...above, stroke: false, fillColor: tones.outside, fillOpacity: 0.6 }).addTo(map);
    L.polyline(holes.map((ring) => [...ring, ring[0]]), { ...above, color: tones["boundary.line"], weight: 2, dashArray: "7 5" }).addTo(map);
  }

  function drawNames(features) {
    for (const { properties, geometry } of features) {
      if (!properties.name || geometry.type !== "Point") continue;
      const [lon, lat] = geometry.coordinates;
      const html = tag("span", {}, String(properties.name));
      const kind = properties.kind === "district" ? "district" : "place";
      L.marker([lat, lon], {
        pane: "names", interactive: false, keyboard: false,
        icon: L.divIcon({ className: `name ${kind}`, html, iconSize: [0, 0] }),
      }).addTo(map);
    }
    const near = () => map.getContainer().classList.toggle("far", map.getZoom() < 16);
    map.on("zoomend", near);
    near();
  }
}

// What lies lowest comes first; streets come twice, casing under fill, so that crossings stay open.
function groundStyles(tones) {
  const tone = (kind, { class: sort }) => tones[`${kind}.${sort}`] || tones[`${kind}.fill`];
  const area = (kind) => ({ ...named }) => ({ stroke: false, fillOpacity: 1, fillColor: tone(kind, named) });
  const widths = { main: 7, street: 5, lane: 3.5, path: 1.4, steps: 1.6, cycleway: 1.4, track: 1.6 };
  const street = (part, extra) => ({ class: sort = "street" }) => {
    const thin = !["main", "street", "lane"].includes(sort);
    const width = widths[sort] || 2;
    return {
      color: tones[`street.${sort}.${part}`] || tones[`street.street.${part}`],
      weight: width + (thin ? 0 : extra),
      opacity: thin && part === "casing" ? 0 : 1,
      dashArray: thin && part === "fill" ? "4 3" : null,
    };
  };
  const line = (color, weight) => () => ({ color, weight });
  return [
    ["area", area("area")],
    ["green", area("green")],
    ["water", () => ({ fillColor: tones["water.fill"], fillOpacity: 1, color: tones["water.line"], weight: 0.8 })],
    ["river", ({ class: sort }) => ({ color: tones["water.fill"], weight: sort === "stream" ? 2 : 6 })],
    ["street", street("casing", 1.6)],
    ["street", street("fill", 0)],
    ["rail", line(tones["rail.line"], 2)],
    ["barrier", line(tones.barrier, 1)],
    ["building", (named) => ({ fillColor: tone("building", named), fillOpacity: 1, color: tones["building.line"], weight: 0.6 })],
  ];
}

const ShapedPin = L.CircleMarker.extend({
  _project() {
    const zoom = this._map.getZoom();
    this._radius = Math.max(2.2, Math.min(9, (zoom - 8) * 0.95)) * (this.options.spoken ? 1.25 : 1);
    L.CircleMarker.prototype._project.call(this);
  },
  _updatePath() {
    const context = this._renderer._ctx;
    if (!this._renderer._drawing || this._empty()) return;
    const { x, y } = this._point;
    context.beginPath();
    this.options.shape.forEach(([dx, dy], i) => {
      context[i ? "lineTo" : "moveTo"](x + dx * this._radius, y + dy * this._radius);
    });
    context.closePath();
    this._renderer._fillStroke(context, this);
    if (this.options.spoken && this._radius > 4) {
      context.beginPath();
      context.arc(x, y, this._radius * 0.22, 0, 2 * Math.PI);
      context.globalAlpha = 1;
      context.fillStyle = "#ffffff";
      context.fill();
    }
  },
});
