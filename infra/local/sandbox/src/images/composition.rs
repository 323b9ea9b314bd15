//! What goes where in a picture.

use super::Style;
use super::canvas::{Canvas, Place, polyline};
use super::colour::{Colour, hex};
use super::dice::Dice;
use super::reading::{Scene, Time};
use super::sky::{Lamp, Light};
use super::{animals, buildings, land, sky, things, weather};

/// What makes a scene one out of doors.
const OUTDOORS: [&str; 27] = [
    "morning",
    "sunset",
    "night",
    "autumn",
    "winter",
    "spring",
    "clouds",
    "rain",
    "fog",
    "rainbow",
    "sea",
    "lake",
    "mountains",
    "forest",
    "field",
    "desert",
    "city",
    "roof",
    "space",
    "underwater",
    "house",
    "castle",
    "lighthouse",
    "church",
    "ship",
    "bridge",
    "tree",
];

/// What lies on a table when it is not out of doors.
const TABLEWARE: [&str; 4] = ["cup", "book", "cake", "heart"];

/// What flies.
const FLYING: [&str; 4] = ["plane", "rocket", "balloon", "butterfly"];

/// The lines of a picture, in pixels from its top.
struct Lines {
    horizon: f32,
    /// Where the caption begins.
    floor: f32,
}

/// Paints a scene. `foot` is the height that the caption will cover.
pub(super) fn paint(canvas: &mut Canvas, scene: &Scene, foot: f32) {
    let floor = canvas.height - foot;
    let is_outdoors = scene.has_any(&OUTDOORS) || scene.has_any(&FLYING) || scene.flowers().is_some();
    if is_outdoors || scene.subjects().next().is_some_and(|name| !TABLEWARE.contains(&name)) {
        outdoors(canvas, scene, floor);
    } else if scene.subjects().next().is_some() {
        let edge = floor * 0.72;
        buildings::table(canvas, scene, edge);
        subjects(canvas, scene, Light::of(scene), &Lines { horizon: edge, floor });
    } else {
        weather::waves(canvas, scene);
    }
    match canvas.style {
        Style::Kandinsky => weather::geometry(canvas, scene),
        Style::Anime => weather::sparkle(canvas, scene),
        Style::Uhd => weather::lens(canvas),
        Style::Default => {}
    }
}

fn outdoors(canvas: &mut Canvas, scene: &Scene, floor: f32) {
    let share = if scene.has("underwater") {
        0.86
    } else if scene.has("space") {
        0.8
    } else if scene.has("forest") && !scene.has("lake") {
        0.6
    } else if scene.has("roof") {
        1.0 - 13.0 * canvas.unit / floor
    } else if scene.has_any(&["field", "desert"]) || scene.flowers().is_some() {
        0.5
    } else {
        0.56
    };
    let lines = Lines { horizon: floor * share, floor };
    let light = Light::of(scene);
    let lamp = sky::paint(canvas, scene, lines.horizon + 1.0);
    let [_, _, (_, haze), _] = sky::stops(scene);
    background(canvas, scene, light, haze, &lines);
    middle(canvas, scene, light, haze, lamp, &lines);
    subjects(canvas, scene, light, &lines);
    weather::paint(canvas, scene);
}

fn background(canvas: &mut Canvas, scene: &Scene, light: Light, haze: Colour, lines: &Lines) {
    if scene.has("mountains") {
        land::mountains(canvas, scene, light, haze, lines.horizon);
    } else if !scene.has_any(&["sea", "space", "underwater", "city", "desert"]) {
        land::hills(canvas, scene, light, haze, lines.horizon);
    }
    if scene.has("city") {
        buildings::skyline(canvas, scene, light, haze, lines.horizon + canvas.unit);
    }
}

fn middle(canvas: &mut Canvas, scene: &Scene, light: Light, haze: Colour, lamp: Option<Lamp>, lines: &Lines) {
    let Lines { horizon, floor } = *lines;
    let depth = floor - horizon;
    if scene.has("sea") {
        land::sea(canvas, scene, lamp, horizon, canvas.height);
        if !scene.has_any(&["ship", "whale", "fish", "bridge"]) {
            land::beach(canvas, scene, light, floor - 3.0 * canvas.unit);
        }
        gulls(canvas, scene, horizon);
    } else if scene.has("roof") {
        buildings::roof(canvas, scene, light, floor - 13.0 * canvas.unit);
    } else {
        land::ground(canvas, scene, light, horizon);
    }
    let is_open = !scene.has_any(&["sea", "roof"]);
    if is_open && !scene.has_any(&["forest", "city"]) {
        land::grass(canvas, scene, light, horizon + depth * 0.08);
    }
    if scene.has("lake") && !scene.has("sea") {
        let [(_, top), ..] = sky::stops(scene);
        land::lake(canvas, scene, top, lamp, horizon + depth * 0.12, horizon + depth * 0.72);
    }
    if scene.has("bridge") {
        buildings::bridge(canvas, light, horizon - canvas.unit);
    }
    if scene.has("forest") {
        let from = if scene.has("lake") { horizon + depth * 0.04 } else { horizon - depth * 0.1 };
        land::forest(canvas, scene, light, haze, from, floor + depth * 0.1);
    }
    if let (Some(kind), true) = (scene.flowers(), is_open) {
        land::flowers(canvas, scene, light, kind, horizon + depth * 0.06);
    }
}

fn gulls(canvas: &mut Canvas, scene: &Scene, horizon: f32) {
    let mut dice = Dice::of(&scene.prompt, "gulls");
    let ink = if scene.time == Time::Night { hex(0x9a_a4_c8) } else { hex(0x3c_34_4c) };
    let place = (canvas.width * dice.between(0.2, 0.8), horizon * dice.between(0.4, 0.6));
    animals::flock(canvas, &mut dice, place, ink.alpha(0.8));
}

/// Up to three things side by side, the first named in the middle.
fn subjects(canvas: &mut Canvas, scene: &Scene, light: Light, lines: &Lines) {
    let named: Vec<&str> = scene.subjects().filter(|name| *name != "bridge").take(3).collect();
    let places: &[f32] = match named.len() {
        0 | 1 => &[0.5],
        2 => &[0.36, 0.7],
        _ => &[0.5, 0.2, 0.8],
    };
    let scale = if named.len() > 1 { 0.8 } else { 1.0 };
    for (name, share) in named.into_iter().zip(places) {
        subject(canvas, scene, light, name, lines, (canvas.width * share, scale));
    }
}

fn subject(canvas: &mut Canvas, scene: &Scene, light: Light, name: &str, lines: &Lines, (x, scale): Place) {
    let mut dice = Dice::of(&scene.prompt, name).wishing(scene.colour());
    let unit = canvas.unit * scale;
    // Wide pictures are low: what stands must fit between sky and caption.
    let unit = unit.min(lines.floor / 92.0 * scale);
    let Lines { horizon, floor } = *lines;
    let depth = floor - horizon;
    let ground = if scene.has("roof") { floor - 13.5 * canvas.unit } else { floor - depth * 0.14 };
    let far = horizon + depth * 0.16;
    let place = (x, ground);
    match name {
        "cat" | "dog" | "fox" | "bear" | "wolf" | "rabbit" | "mouse" | "lion" => {
            let size = if name == "mouse" { 24.0 } else { 40.0 } * unit;
            if scene.has("asleep") {
                animals::sleeping(canvas, &mut dice, name, place, size * 1.05);
            } else {
                animals::sitting(canvas, &mut dice, name, place, size);
            }
        }
        "horse" | "deer" | "cow" => animals::standing(canvas, &mut dice, name, place, 42.0 * unit),
        "bird" | "owl" | "penguin" => animals::bird(canvas, &mut dice, name, place, 30.0 * unit),
        "fish" | "whale" => {
            let is_deep = scene.has("underwater");
            let middle = (x, if is_deep { horizon * 0.55 } else { horizon + depth * 0.45 });
            animals::fish(canvas, &mut dice, name, middle, if name == "whale" { 62.0 } else { 44.0 } * unit);
        }
        "butterfly" => animals::butterfly(canvas, &mut dice, (x, horizon * 0.8), 32.0 * unit),
        "woman" | "person" => animals::person(canvas, &mut dice, name == "woman", place, 50.0 * unit),
        "robot" => things::robot(canvas, &mut dice, place, 50.0 * unit),
        "house" => buildings::house(canvas, scene, light, (x, far + depth * 0.25), 44.0 * unit),
        "castle" => buildings::castle(canvas, scene, light, (x, far + depth * 0.1), 52.0 * unit),
        "lighthouse" => buildings::lighthouse(canvas, scene, light, (x + 18.0 * unit, far + depth * 0.3), 58.0 * unit),
        "church" => buildings::church(canvas, scene, light, (x, far + depth * 0.15), 46.0 * unit),
        "ship" => things::ship(canvas, &mut dice, (x, horizon + depth * 0.35), 46.0 * unit),
        "car" => {
            let edge = (floor - depth * 0.05).max(ground);
            canvas.line(polyline(&[(0.0, edge), (canvas.width, edge)]), 9.0 * unit, hex(0x4a_4c_56));
            things::car(canvas, &mut dice, (x, edge), 50.0 * unit);
        }
        "train" => things::train(canvas, &mut dice, place, 78.0 * unit),
        "plane" => things::plane(canvas, (x, horizon * 0.45), 46.0 * unit),
        "rocket" => things::rocket(canvas, (x, horizon * 0.72), 40.0 * unit),
        "balloon" => things::balloon(canvas, &mut dice, (x, horizon * 0.86), 50.0 * unit),
        "cup" => things::cup(canvas, &mut dice, place, 40.0 * unit),
        "book" => things::book(canvas, &mut dice, place, 58.0 * unit),
        "cake" => things::cake(canvas, &mut dice, place, 50.0 * unit),
        "heart" => things::heart(canvas, (x, floor * 0.45), 46.0 * unit),
        "tree" => {
            let leaf = if scene.has("autumn") { hex(0xe0_7a_1f) } else { hex(0x4d_9a_3f) };
            let (leaf, wood) = (light.near(leaf), light.near(hex(0x6b_48_2c)));
            land::round_tree(canvas, &mut dice, place, 58.0 * unit, leaf, wood);
        }
        "fir" => {
            let (needles, wood) = (light.near(hex(0x2c_6b_3a)), light.near(hex(0x6b_48_2c)));
            land::fir(canvas, place, 58.0 * unit, needles, wood, scene.has("winter"));
        }
        "snowman" => things::snowman(canvas, place, 44.0 * unit),
        "mushroom" => things::mushroom(canvas, place, 34.0 * unit),
        _ => {}
    }
}
