//! Land, water and what grows there.

use super::canvas::{Canvas, Place, below, blob, circle, curve, oval, polygon, polyline, rect};
use super::colour::{Colour, WHITE, hex};
use super::dice::Dice;
use super::reading::{Scene, Time};
use super::sky::{Lamp, Light};

/// A smooth line of heights from edge to edge.
fn ridge(dice: &mut Dice, width: f32, base: f32, height: f32, steps: u8) -> Vec<Place> {
    let along = |step: u8| width * (f32::from(step) - 0.5) / f32::from(steps - 1);
    (0..=steps).map(|step| (along(step), base - height * dice.unit())).collect()
}

/// Mountains behind the horizon, the farthest first.
pub(super) fn mountains(canvas: &mut Canvas, scene: &Scene, light: Light, haze: Colour, horizon: f32) {
    let mut dice = Dice::of(&scene.prompt, "mountains");
    let rock = dice.pick(&[hex(0x6a_7a_a8), hex(0x7a_72_8c), hex(0x5c_7c_8a)], hex(0x6a_7a_a8));
    let rows: [(f32, f32, u8); 3] = [(0.62, 0.62, 4), (0.4, 0.42, 5), (0.15, 0.24, 7)];
    for (far, height, peaks) in rows {
        let colour = light.on(rock).mix(haze, far);
        let snow = light.on(hex(0xf6_f8_ff)).mix(haze, far * 0.5);
        let spread = canvas.width / f32::from(peaks - 1);
        for peak in 0..peaks {
            let x = spread * (f32::from(peak) + dice.between(-0.3, 0.3));
            let tall = horizon * height * dice.between(0.65, 1.05);
            let foot = spread * dice.between(0.75, 1.0);
            mountain(canvas, (x, horizon), tall, foot, colour, snow, &mut dice);
        }
    }
}

fn mountain(canvas: &mut Canvas, (x, base): Place, tall: f32, foot: f32, rock: Colour, snow: Colour, dice: &mut Dice) {
    let top = (x, base - tall);
    let lean = dice.between(-0.15, 0.15) * foot;
    let jag = |share: f32, side: f32| (x + side * foot * share, base - tall * (1.0 - share));
    canvas.fill(
        polygon(&[
            top,
            jag(0.35, 0.9),
            jag(0.6, 1.05),
            (x + foot, base + 1.0),
            (x - foot, base + 1.0),
            jag(0.55, -0.9),
        ]),
        rock,
    );
    // The side that the light does not reach.
    canvas.plain(
        polygon(&[
            top,
            (x + lean * 0.5, base - tall * 0.6),
            (x + lean, base + 1.0),
            (x - foot, base + 1.0),
            jag(0.55, -0.9),
        ]),
        rock.darker(0.22),
    );
    let cap = tall * dice.between(0.26, 0.36);
    let side = |share: f32, out: f32| (x + out * foot * share * (cap / tall), base - tall + cap * share);
    canvas.plain(
        polygon(&[top, side(0.9, 0.9), side(0.62, 0.35), side(1.0, 0.12), side(0.66, -0.25), side(0.95, -0.85)]),
        snow,
    );
}

/// Hills far away.
pub(super) fn hills(canvas: &mut Canvas, scene: &Scene, light: Light, haze: Colour, horizon: f32) {
    let mut dice = Dice::of(&scene.prompt, "hills");
    let green = season(scene, hex(0x5f_9a_52));
    for (far, height) in [(0.55, 0.26), (0.3, 0.14)] {
        let line = ridge(&mut dice, canvas.width, horizon, horizon * height, 7);
        canvas.fill(below(&line, horizon + 2.0 * canvas.unit), light.on(green).mix(haze, far));
    }
}

/// The colour of grass and leaves in the season.
fn season(scene: &Scene, summer: Colour) -> Colour {
    if scene.has("winter") {
        hex(0xe6_ee_f6)
    } else if scene.has("autumn") {
        summer.mix(hex(0xc9_8a_2e), 0.75)
    } else if scene.has("spring") {
        summer.mix(hex(0x9a_d8_5a), 0.5)
    } else {
        summer
    }
}

/// Ground from the horizon down.
pub(super) fn ground(canvas: &mut Canvas, scene: &Scene, light: Light, horizon: f32) {
    let mut dice = Dice::of(&scene.prompt, "ground");
    let colour = if scene.has("desert") {
        hex(0xe2_b9_6c)
    } else if scene.has("city") && !scene.has_any(&["forest", "field"]) {
        hex(0xa4_a6_ac)
    } else if scene.has("space") {
        hex(0x8a_7a_9c)
    } else if scene.has("underwater") {
        hex(0xd8_c8_8a)
    } else {
        season(scene, hex(0x6c_b0_4a))
    };
    let bottom = canvas.height;
    let depth = bottom - horizon;
    for (row, share) in [(0.0, 0.0), (0.16, 0.35), (0.4, 0.7)] {
        let base = horizon + depth * row + depth * 0.03;
        let line = ridge(&mut dice, canvas.width, base, depth * 0.07, 6);
        let near = light.on(colour).lighter(0.12).mix(light.on(colour).darker(0.3), share);
        canvas.fade(below(&line, bottom), near, near.darker(0.25));
    }
    if scene.has("space") {
        for _ in 0..14 {
            let place = (dice.unit() * canvas.width, horizon + depth * dice.between(0.15, 0.9));
            let size = dice.between(1.5, 5.0) * canvas.unit;
            canvas.plain(oval(place, size, size * 0.35), light.on(colour).darker(0.35).alpha(0.7));
        }
    }
}

/// Tufts of grass, so that a field is no plain surface.
pub(super) fn grass(canvas: &mut Canvas, scene: &Scene, light: Light, from: f32) {
    if scene.has_any(&["winter", "desert", "space", "underwater"]) {
        return;
    }
    let mut dice = Dice::of(&scene.prompt, "grass");
    let green = light.near(season(scene, hex(0x3f_8a_34)));
    for row in 0..16_u8 {
        let near = f32::from(row) / 15.0;
        let base = from + (canvas.height - from) * near;
        let tall = (0.6 + 2.6 * near) * canvas.unit;
        for _ in 0..26 {
            let x = dice.unit() * canvas.width;
            let lean = dice.between(-0.5, 0.5) * tall;
            let shade = green.mix(WHITE, dice.between(0.0, 0.22)).alpha(0.8);
            let blade = curve((x, base), (x, base - tall * 0.6), (x + lean, base - tall * dice.between(0.7, 1.2)));
            canvas.line(blade, (0.12 + 0.22 * near) * canvas.unit, shade);
        }
    }
}

/// Sea from the horizon down, with the light's path on it.
pub(super) fn sea(canvas: &mut Canvas, scene: &Scene, lamp: Option<Lamp>, horizon: f32, bottom: f32) {
    let mut dice = Dice::of(&scene.prompt, "sea");
    let (far, near) = match scene.time {
        Time::Morning => (hex(0x9f_d4_e0), hex(0x2a_7f_a8)),
        Time::Day => (hex(0x5f_bf_e0), hex(0x0e_5f_a4)),
        Time::Sunset => (hex(0xf0_8a_5c), hex(0x2a_1f_58)),
        Time::Night => (hex(0x34_3e_78), hex(0x06_0c_28)),
    };
    canvas.fade(rect((0.0, horizon), canvas.width, bottom - horizon), far, near);
    let depth = bottom - horizon;
    let (count, colour) = (260_u16, lamp.map_or(WHITE, |lamp| lamp.colour));
    for ripple in 0..count {
        let share = f32::from(ripple) / f32::from(count);
        let near = share * share;
        let y = horizon + depth * near + 0.4 * canvas.unit;
        let x = dice.unit() * canvas.width;
        let length = (1.0 + 9.0 * near) * canvas.unit * dice.between(0.5, 1.4);
        let crest = curve((x - length, y), (x, y - length * 0.12), (x + length, y));
        canvas.line(crest, (0.1 + 0.35 * near) * canvas.unit, WHITE.alpha(dice.between(0.06, 0.2)));
        if let Some(lamp) = lamp {
            let sway = dice.between(-1.0, 1.0) * (3.0 + 13.0 * near) * canvas.unit;
            let x = lamp.place.0 + sway;
            let length = (1.2 + 5.0 * near) * canvas.unit * dice.between(0.4, 1.2);
            let flash = oval((x, y), length, (0.12 + 0.32 * near) * canvas.unit);
            canvas.plain(flash, colour.alpha(dice.between(0.25, 0.75) * (1.0 - 0.5 * near)));
        }
    }
}

/// The shore in front of the sea.
pub(super) fn beach(canvas: &mut Canvas, scene: &Scene, light: Light, from: f32) {
    let mut dice = Dice::of(&scene.prompt, "beach");
    let line = ridge(&mut dice, canvas.width, from, 5.0 * canvas.unit, 4);
    let foam: Vec<Place> = line.iter().map(|&(x, y)| (x, y - 1.2 * canvas.unit)).collect();
    canvas.plain(below(&foam, canvas.height), light.near(WHITE).alpha(0.7));
    let sand = light.near(hex(0xe8_cf_96));
    canvas.fade(below(&line, canvas.height), sand, sand.darker(0.25));
}

/// A lake or a river in the land.
pub(super) fn lake(canvas: &mut Canvas, scene: &Scene, top: Colour, lamp: Option<Lamp>, from: f32, to: f32) {
    let mut dice = Dice::of(&scene.prompt, "lake");
    let (width, middle) = (canvas.width, f32::midpoint(from, to));
    let half = (to - from) / 2.0;
    let mut banks = Vec::new();
    for (x, y) in [
        (-0.15, 0.0),
        (0.02, -0.9),
        (0.3, -1.0),
        (0.6, -0.95),
        (0.9, -1.0),
        (1.1, -0.6),
        (1.15, 0.3),
        (0.8, 0.85),
        (0.5, 1.1),
        (0.2, 0.8),
        (-0.1, 0.6),
    ] {
        banks.push((x * width, middle + y * half + dice.between(-0.1, 0.1) * half));
    }
    let deep = top.mix(hex(0x1c_5f_86), 0.5);
    canvas.fade(blob(&banks), deep.mix(WHITE, 0.35), deep);
    for ripple in 0..70_u8 {
        let share = f32::from(ripple) / 70.0;
        let y = from + (to - from) * (0.12 + 0.75 * share);
        let x = dice.between(0.08, 0.92) * width;
        let length = dice.between(1.5, 7.0) * canvas.unit * (0.5 + share);
        canvas.line(polyline(&[(x - length, y), (x + length, y)]), 0.16 * canvas.unit, WHITE.alpha(0.28));
        if let Some(lamp) = lamp {
            let x = lamp.place.0 + dice.between(-4.0, 4.0) * canvas.unit;
            canvas.plain(oval((x, y), 2.4 * canvas.unit, 0.2 * canvas.unit), lamp.colour.alpha(0.35));
        }
    }
}

/// How a tree looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tree {
    Round,
    Fir,
    Bare,
}

/// A forest between two depths: small and hazy trees behind, large ones in front.
pub(super) fn forest(canvas: &mut Canvas, scene: &Scene, light: Light, haze: Colour, from: f32, to: f32) {
    let mut dice = Dice::of(&scene.prompt, "forest");
    for row in 0..5_u8 {
        let near = f32::from(row) / 4.0;
        let base = from + (to - from) * near;
        let tall = (20.0 + 32.0 * near) * canvas.unit;
        let count = 15 - row * 2;
        for tree in 0..count {
            let x = canvas.width * (f32::from(tree) + dice.between(0.0, 1.0)) / f32::from(count);
            // The middle of the front rows stays open: one looks into the forest.
            let is_open = near > 0.55 && (x / canvas.width - 0.5).abs() < 0.17;
            if !is_open {
                let tall = tall * dice.between(0.8, 1.15);
                tree_at(canvas, scene, light, &mut dice, (x, base), tall, (haze, 0.6 * (1.0 - near)));
            }
        }
    }
}

/// One tree, standing on a place; `mist` is the colour of the air and how much of it is before the tree.
fn tree_at(
    canvas: &mut Canvas,
    scene: &Scene,
    light: Light,
    dice: &mut Dice,
    place: Place,
    tall: f32,
    mist: (Colour, f32),
) {
    let kinds: &[Tree] = if scene.has("winter") {
        &[Tree::Fir, Tree::Fir, Tree::Bare]
    } else if scene.has("autumn") {
        &[Tree::Round, Tree::Round, Tree::Round, Tree::Fir]
    } else {
        &[Tree::Round, Tree::Fir]
    };
    let kind = dice.pick(kinds, Tree::Round);
    let leaves = leaves(scene, kind, dice);
    let leaves = light.near(leaves).mix(mist.0, mist.1);
    let wood = light.near(hex(0x6b_48_2c)).mix(mist.0, mist.1);
    match kind {
        Tree::Round => round_tree(canvas, dice, place, tall, leaves, wood),
        Tree::Fir => fir(canvas, place, tall, leaves, wood, scene.has("winter")),
        Tree::Bare => bare_tree(canvas, dice, place, tall, wood),
    }
}

fn leaves(scene: &Scene, kind: Tree, dice: &mut Dice) -> Colour {
    let dark = hex(0x2c_6b_3a);
    if kind == Tree::Fir {
        return dice.pick(&[dark, hex(0x23_5c_48), hex(0x35_74_40)], dark);
    }
    if scene.has("autumn") {
        let colours = [0xe0_7a_1f, 0xd1_45_22, 0xf2_b6_33, 0xb8_5c_1e, 0xc9_30_2c, 0xe8_9c_2a].map(hex);
        return dice.pick(&colours, dark);
    }
    if scene.has("spring") {
        return dice.pick(&[hex(0xf6_b8_d0), hex(0xf9_d4_e2), hex(0x9a_d0_5a), hex(0x7c_c2_52)], dark);
    }
    dice.pick(&[hex(0x4d_9a_3f), hex(0x3c_86_3c), hex(0x6a_ac_44), hex(0x2f_7a_4a)], dark)
}

/// A tree with a round crown.
pub(super) fn round_tree(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, tall: f32, leaves: Colour, wood: Colour) {
    let trunk = tall * 0.035;
    canvas.fill(
        polygon(&[
            (x - trunk * 1.4, y),
            (x - trunk * 0.7, y - tall * 0.6),
            (x + trunk * 0.7, y - tall * 0.6),
            (x + trunk * 1.4, y),
        ]),
        wood,
    );
    for (from, to) in [((0.0, 0.38), (-0.16, 0.58)), ((0.0, 0.46), (0.15, 0.62))] {
        let branch = polyline(&[(x + from.0 * tall, y - from.1 * tall), (x + to.0 * tall, y - to.1 * tall)]);
        canvas.line(branch, trunk * 0.8, wood);
    }
    let crown = [
        (-0.17, 0.55, 0.16),
        (0.17, 0.56, 0.16),
        (-0.1, 0.72, 0.17),
        (0.12, 0.74, 0.16),
        (0.0, 0.6, 0.2),
        (0.0, 0.84, 0.14),
    ];
    for (dx, dy, radius) in crown {
        let (radius, shade) = (radius * tall * dice.between(0.9, 1.15), dice.between(0.0, 0.18));
        let place = (x + dx * tall, y - dy * tall);
        canvas.fade(circle(place, radius), leaves.lighter(shade + 0.08), leaves.darker(0.22 - shade));
    }
    for _ in 0..26 {
        let place = (x + dice.between(-0.26, 0.26) * tall, y - dice.between(0.48, 0.92) * tall);
        let shade = if dice.unit() > 0.5 { leaves.lighter(0.25) } else { leaves.darker(0.2) };
        canvas.plain(oval(place, 0.024 * tall, 0.016 * tall), shade.alpha(0.75));
    }
}

/// A fir.
pub(super) fn fir(canvas: &mut Canvas, (x, y): Place, tall: f32, needles: Colour, wood: Colour, is_snowy: bool) {
    canvas.fill(rect((x - tall * 0.025, y - tall * 0.12), tall * 0.05, tall * 0.12), wood);
    for (top, foot, half) in [(0.55, 0.08, 0.24), (0.75, 0.3, 0.19), (0.9, 0.5, 0.145), (1.0, 0.68, 0.1)] {
        let (top, foot, half) = (y - top * tall, y - foot * tall, half * tall);
        let row = [
            (x, top),
            (x + half, foot),
            (x + half * 0.4, foot - half * 0.16),
            (x, foot + half * 0.05),
            (x - half * 0.4, foot - half * 0.16),
            (x - half, foot),
        ];
        canvas.fade(polygon(&row), needles.lighter(0.14), needles.darker(0.2));
        if is_snowy {
            let snow = [
                (x, top),
                (x + half * 0.62, foot - half * 0.55),
                (x + half * 0.2, foot - half * 0.75),
                (x - half * 0.2, foot - half * 0.5),
                (x - half * 0.62, foot - half * 0.55),
            ];
            canvas.plain(polygon(&snow), hex(0xf4_f8_ff).alpha(0.9));
        }
    }
}

fn bare_tree(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, tall: f32, wood: Colour) {
    canvas.line(polyline(&[(x, y), (x, y - tall * 0.8)]), tall * 0.035, wood);
    for level in 0..5_u8 {
        let from = y - tall * (0.3 + 0.11 * f32::from(level));
        for side in [-1.0, 1.0] {
            let end = (x + side * tall * dice.between(0.12, 0.26), from - tall * dice.between(0.14, 0.26));
            canvas.line(curve((x, from), (x + side * tall * 0.1, from - tall * 0.03), end), tall * 0.014, wood);
            canvas.line(polyline(&[end, (end.0, end.1 - tall * 0.08)]), tall * 0.008, wood);
        }
    }
}

/// Flowers all over a field, small behind and large in front.
pub(super) fn flowers(canvas: &mut Canvas, scene: &Scene, light: Light, kind: &str, from: f32) {
    let mut dice = Dice::of(&scene.prompt, "flowers");
    let rows = 15_u8;
    for row in 0..rows {
        let near = (f32::from(row) + 0.5) / f32::from(rows);
        let base = from + (canvas.height - from) * near * near.sqrt();
        let size = (0.5 + 4.6 * near * near) * canvas.unit;
        let count = 34 - row;
        for flower in 0..count {
            let x = canvas.width * (f32::from(flower) + dice.between(-0.4, 1.2)) / f32::from(count);
            let size = size * dice.between(0.75, 1.2);
            let y = base + dice.between(-1.5, 1.5) * size;
            let stem = curve((x, y + size * 3.4), (x - size * 0.5, y + size * 1.5), (x, y));
            canvas.line(stem, size * 0.16, light.near(hex(0x3c_86_30)));
            blossom(canvas, &mut dice, light, kind, (x, y), size);
        }
    }
}

/// One flower by its middle.
pub(super) fn blossom(canvas: &mut Canvas, dice: &mut Dice, light: Light, kind: &str, (x, y): Place, size: f32) {
    let (petals, count, heart): (Colour, u8, Colour) = match kind {
        "daisy" => (hex(0xff_ff_fa), 12, hex(0xf7_c5_2a)),
        "sunflower" => (hex(0xfb_bf_1e), 16, hex(0x5c_38_1a)),
        "poppy" => (dice.pick(&[hex(0xd8_24_2e), hex(0xe8_40_3a), hex(0xc2_1a_3a)], WHITE), 5, hex(0x2a_14_1e)),
        "lavender" => {
            let violet = dice.pick(&[hex(0x8a_62_c8), hex(0xa0_7a_da), hex(0x74_4c_b4)], WHITE);
            for bud in 0..6_u8 {
                let lift = f32::from(bud) * size * 0.42;
                let sway = if bud % 2 == 0 { -0.16 } else { 0.16 } * size;
                canvas.plain(oval((x + sway, y - lift + size), size * 0.3, size * 0.26), light.near(violet));
            }
            return;
        }
        _ => {
            let colours = [0xf0_5a_8c, 0xf9_b4_2d, 0xff_ff_ff, 0x9a_5a_d8, 0xf0_64_3c, 0x5a_8c_f0].map(hex);
            (dice.pick(&colours, WHITE), 6, hex(0xfa_d8_4a))
        }
    };
    let petals = light.near(petals);
    let turn = dice.unit();
    let width = std::f32::consts::PI / f32::from(count) * 0.62;
    for petal in 0..count {
        let angle = std::f32::consts::TAU * (f32::from(petal) + turn) / f32::from(count);
        // Flowers are looked at from above and in front: circles are flat.
        let at = |angle: f32, out: f32| (x + angle.cos() * size * out, y + angle.sin() * size * out * 0.78);
        let shape = [
            (x, y),
            at(angle - width * 1.6, 0.75),
            at(angle - width, 1.12),
            at(angle + width, 1.12),
            at(angle + width * 1.6, 0.75),
        ];
        canvas.plain(blob(&shape), if petal % 2 == 0 { petals } else { petals.darker(0.09) });
    }
    canvas.plain(oval((x, y), size * 0.34, size * 0.29), light.near(heart));
    canvas.plain(oval((x - size * 0.08, y - size * 0.08), size * 0.14, size * 0.1), light.near(heart).lighter(0.3));
}
