// The map: draws what the fields say, and writes into the fields what is drawn. The fields are what is sent.
"use strict";

const read = (name) => document.querySelector(`[name=${name}]`);
const numbers = (text) => (text.match(/[-+]?\d+(\.\d+)?/g) || []).map(Number);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const short = (value) => Number(value.toFixed(5)).toString();

// A long edge drawn here is straight on this screen (Mercator); sent as two corners it would be read as another
// line, hundreds of kilometres away. So it is sent in pieces. Distances in Mercator are never too short.
const PIECE_M = 50000;
function straight(ring) {
  const { SphericalMercator } = L.Projection;
  const corners = ring.map(([lon, lat]) => SphericalMercator.project(L.latLng(lat, lon)));
  return corners.slice(0, -1).flatMap((from, place) => {
    const to = corners[place + 1];
    const pieces = Math.max(1, Math.min(800, Math.ceil(from.distanceTo(to) / PIECE_M)));
    return Array.from({ length: pieces }, (_, piece) => {
      const at = SphericalMercator.unproject(from.add(to.subtract(from).multiplyBy(piece / pieces)));
      return [at.lat, at.lng];
    });
  });
}

// Rings that cross the date line go on beyond 180 degrees instead of jumping round the world.
function unroll(geometry) {
  const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  for (const ring of parts.flat()) {
    for (let place = 1; place < ring.length; place += 1) {
      const step = ring[place][0] - ring[place - 1][0];
      if (Math.abs(step) > 180) ring[place][0] -= 360 * Math.sign(step);
    }
  }
}

async function world(map, onCountry) {
  const [atlas, codes] = await Promise.all([
    fetch("/static/vendor/world.json").then((answer) => answer.json()),
    fetch("/map/countries.json").then((answer) => answer.json()),
  ]);
  const land = topojson.feature(atlas, atlas.objects.countries);
  for (const feature of land.features) unroll(feature.geometry);
  const plain = { color: style("--coast"), weight: 0.8, fillColor: style("--land"), fillOpacity: 1 };
  const chosen = { color: style("--accent"), weight: 2, fillColor: style("--accent"), fillOpacity: 0.35 };
  const layer = L.geoJSON(land, {
    style: plain,
    onEachFeature(feature, shape) {
      shape.bindTooltip(feature.properties.name, { sticky: true });
      if (onCountry) shape.on("click", () => onCountry(codes[feature.id]));
    },
  }).addTo(map);
  return (wanted) => layer.eachLayer((shape) => shape.setStyle(wanted.includes(codes[shape.feature.id]) ? chosen : plain));
}

function show(element, options = {}) {
  const map = L.map(element, { worldCopyJump: true, attributionControl: false, minZoom: 1, ...options });
  map.setView([25, 20], 1);
  return map;
}

// Outlines of regions come from the server, once each; the first time of one takes a moment.
const outlines = new Map();
function outline(code) {
  const got = () => fetch(`/map/regions/${code}.json`).then((answer) => (answer.ok ? answer.json() : { polygons: [] }));
  if (!outlines.has(code)) outlines.set(code, got());
  return outlines.get(code);
}

async function draw(group, area) {
  const look = { color: style("--live"), weight: 2, fillOpacity: 0.15, interactive: false };
  group.clearLayers();
  for (const circle of area.circles) L.circle([circle.lat, circle.lon], { ...look, radius: circle.radius_km * 1000 }).addTo(group);
  for (const polygon of area.polygons) L.polygon([polygon.exterior, ...(polygon.holes || [])], look).addTo(group);
  group.shown = area;
  const regions = await Promise.all((area.regions || []).map(outline));
  if (group.shown !== area) return;
  for (const rings of regions.flatMap((region) => region.polygons)) L.polygon(rings, look).addTo(group);
}

function fit(map, group) {
  const bounds = group.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds.pad(0.4), { maxZoom: 8 });
}

async function picture(element) {
  const area = JSON.parse(element.dataset.area);
  const map = show(element);
  const paint = await world(map);
  paint(area.countries || []);
  const group = L.featureGroup().addTo(map);
  await draw(group, area);
  fit(map, group);
}

function typed() {
  const lines = (name) => read(name).value.split("\n").map(numbers);
  const circles = lines("circles").filter((row) => row.length === 3).map(([lat, lon, km]) => ({ lat, lon, radius_km: km }));
  const pairs = (row) => row.reduce((found, value, place) => (place % 2 ? found : [...found, [value, row[place + 1]]]), []);
  const polygons = lines("polygons").filter((row) => row.length > 5 && row.length % 2 === 0).map((row) => ({ exterior: pairs(row) }));
  const regions = read("regions").value.toUpperCase().match(/\b[A-Z]{2}-[A-Z0-9]{1,3}\b/g) || [];
  return { circles, polygons, regions };
}

async function editor(element) {
  const map = show(element);
  const countries = read("countries");
  const codes = () => countries.value.split(",").map((part) => part.trim()).filter(Boolean);
  const said = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));
  const group = L.featureGroup().addTo(map);
  const paint = await world(map, (code) => {
    if (mode !== "country" || !code) return;
    const now = codes();
    countries.value = (now.includes(code) ? now.filter((one) => one !== code) : [...now, code]).join(", ");
    said(countries);
  });
  const refresh = () => { paint(codes().map((one) => one.toUpperCase())); return draw(group, typed()); };
  for (const name of ["countries", "regions", "circles", "polygons"]) read(name).addEventListener("input", refresh);

  const { TerraDraw, TerraDrawPolygonMode, TerraDrawCircleMode, TerraDrawRenderMode } = terraDraw;
  const pen = new TerraDraw({
    adapter: new terraDrawLeafletAdapter.TerraDrawLeafletAdapter({ lib: L, map }),
    modes: [new TerraDrawPolygonMode(), new TerraDrawCircleMode({ projection: "globe" }), new TerraDrawRenderMode({ modeName: "country", styles: {} })],
  });
  pen.start();
  let mode = "country";
  const add = (field, line) => { field.value = [field.value.trim(), line].filter(Boolean).join("\n"); said(field); };
  pen.on("finish", (id) => {
    const made = pen.getSnapshot().find((feature) => feature.id === id);
    if (!made) return;
    const ring = made.geometry.coordinates[0];
    if (made.properties.mode === "circle") {
      const middle = L.latLngBounds(ring.map(([lon, lat]) => [lat, lon])).getCenter();
      const km = Math.max(...ring.map(([lon, lat]) => map.distance(middle, [lat, lon]))) / 1000;
      add(read("circles"), `${short(middle.lat)}, ${short(middle.lng)}, ${Math.ceil(km * 10) / 10}`);
    } else {
      add(read("polygons"), straight(ring).map(([lat, lon]) => `${short(lat)},${short(lon)}`).join(" "));
    }
    pen.removeFeatures([id]);
  });

  const tools = L.control({ position: "topright" });
  tools.onAdd = () => {
    const box = L.DomUtil.create("div", "map-tools");
    L.DomEvent.disableClickPropagation(box);
    for (const [key, title] of [["country", "Choose countries"], ["circle", "Draw a circle"], ["polygon", "Draw a polygon"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = title;
      button.setAttribute("aria-pressed", String(key === mode));
      button.addEventListener("click", () => {
        mode = key;
        pen.setMode(key);
        element.classList.toggle("drawing", key !== "country");
        for (const other of box.children) other.setAttribute("aria-pressed", String(other === button));
      });
      box.append(button);
    }
    return box;
  };
  tools.addTo(map);
  pen.setMode("country");
  await refresh();
  fit(map, group);
}

for (const element of document.querySelectorAll(".map[data-area]")) picture(element);
const canvas = document.getElementById("map");
if (canvas) editor(canvas);
